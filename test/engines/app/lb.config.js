const app = (name, port) => ({ name, script: 'server.cjs', instances: 2, out_file: 'journal', env: { PORT: port, NAME: name } });

module.exports = { apps: [app('api', 3000), app('eater', 3001)] };
