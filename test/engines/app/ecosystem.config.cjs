// What PM2 runs before `lb migrate pm2`.
module.exports = { apps: [{ name: 'api', script: `${__dirname}/server.cjs`, instances: 2, exec_mode: 'cluster', env: { PORT: 3000, NAME: 'api' } }] };
