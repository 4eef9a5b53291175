import type { AppSpec } from '../../src/lifecycle/app-spec.ts';

/** An ecosystem file as people write them for PM2: what becomes of it, and what is said about it. `$DIR` is its directory, `$PORT` a port. */
export interface Case {
  readonly file?: string;
  readonly text: string;
  readonly env?: string;
  readonly apps: readonly Partial<AppSpec>[];
  readonly warnings?: readonly string[];
}

const js = (app: string): string => `module.exports = { apps: [${app}] };\n`;
const one = (app: string, spec: Partial<AppSpec>, warnings?: readonly string[]): Case => ({
  text: js(app),
  apps: [spec],
  ...(warnings === undefined ? {} : { warnings }),
});
const warned = (text: string, path = 'apps[0]: '): readonly string[] => [`ecosystem.config.js: ${path}${text}`];

export const CORPUS: Readonly<Record<string, Case>> = {
  'the smallest': one("{ script: './app.js' }", { name: 'app', kind: 'plain', instances: 1 }),
  'a cluster on every core': one("{ name: 'api', script: 'app.js', instances: 'max', exec_mode: 'cluster' }", { kind: 'cluster', instances: 4 }),
  'instances 0': one("{ script: 'app.js', instances: 0, exec_mode: 'cluster_mode' }", { kind: 'cluster', instances: 4 }),
  'instances auto': one("{ script: 'app.js', instances: 'auto' }", { instances: 4 }),
  'all cores but one': one("{ script: 'app.js', instances: -1 }", { instances: 3 }),
  'instances as text': one("{ script: 'app.js', instances: '2' }", { instances: 2 }),
  'fork mode': one("{ script: 'app.js', exec_mode: 'fork_mode' }", { kind: 'plain' }),
  camelCase: one(
    "{ script: 'app.js', killTimeout: 3000, waitReady: true, maxMemoryRestart: '1G', autoRestart: false }",
    { killTimeoutMs: 3_000, waitReady: true, maxMemoryBytes: 1024 ** 3 },
    ['ecosystem.config.js: apps[0]: unknown and ignored: autoRestart (did you mean "autorestart"?)'],
  ),
  'arguments as a string with quotes': one(`{ script: 'app.js', args: '--port 80 --title="a b" \\'c d\\'' }`, { args: ['--port', '80', '--title=a b', 'c d'] }),
  'arguments as an array': one("{ script: 'app.js', args: ['--a', 1] }", { args: ['--a', '1'] }),
  'arguments for Node.js': one("{ script: 'app.js', node_args: '--max-old-space-size=512 --trace-warnings' }", {
    nodeArgs: ['--max-old-space-size=512', '--trace-warnings'],
  }),
  interpreter_args: one("{ script: 'app.js', interpreter: 'node', interpreter_args: '--inspect=0' }", { nodeArgs: ['--inspect=0'] }),
  'source maps': one("{ script: 'app.js', source_map_support: true }", { nodeArgs: ['--enable-source-maps'] }),
  'source maps that are off': one("{ script: 'app.js', source_map_support: true, disable_source_map_support: true }", { nodeArgs: [] }),
  'variables, with one that is removed': one("{ script: 'app.js', env: { A: 1, B: true, C: { d: 1 }, PATH: null } }", {
    env: { A: '1', B: 'true', C: '{"d":1}' },
  }),
  env_production: {
    text: js("{ script: 'app.js', env: { A: 1 }, env_production: { NODE_ENV: 'production' } }"),
    env: 'production',
    apps: [{ env: { A: '1', NODE_ENV: 'production' } }],
  },
  'env_staging that an app lacks': {
    text: js("{ script: 'app.js' }"),
    env: 'staging',
    apps: [{ name: 'app' }],
    warnings: warned('no "env_staging" for app', ''),
  },
  append_env_to_name: {
    text: js("{ name: 'api', script: 'app.js', append_env_to_name: true, env_staging: {} }"),
    env: 'staging',
    apps: [{ name: 'api-staging' }],
  },
  filter_env: one("{ script: 'app.js', filter_env: ['PA'] }", { filterEnv: ['PA'] }),
  'a port': one("{ script: 'app.js', port: $PORT }", { env: { PORT: '$PORT' } }),
  'an instance variable': one("{ script: 'app.js', instance_var: 'INSTANCE_ID' }", { instanceVar: 'INSTANCE_ID' }),
  'log files under all their names': one("{ script: 'app.js', out: '$DIR/l/out', err_file: '$DIR/l/err', log: '$DIR/l/all', combine_logs: true }", {
    outFile: '$DIR/l/out',
    errorFile: '$DIR/l/err',
    logFile: '$DIR/l/all',
    mergeLogs: true,
  }),
  'no logs': one("{ script: 'app.js', out_file: '/dev/null', error_file: 'NULL', log_file: false }", { outFile: null, errorFile: null, logFile: null }),
  disable_logs: one("{ script: 'app.js', disable_logs: true, log_file: '$DIR/l/all' }", { outFile: null, errorFile: null, logFile: null }),
  time: one("{ script: 'app.js', time: true }", { logDateFormat: 'YYYY-MM-DDTHH:mm:ss' }),
  log_date_format: one("{ script: 'app.js', log_date_format: 'HH:mm', log_type: 'json', pid_file: '$DIR/a.pid' }", {
    logDateFormat: 'HH:mm',
    logType: 'json',
    pidFile: '$DIR/a.pid',
  }),
  'a nightly job': one("{ script: 'app.js', cron_restart: '0 3 * * *', autorestart: false, autostart: false }", {
    cron: { pattern: '0 3 * * *', timezone: null },
    autorestart: false,
    autostart: false,
  }),
  'cron that is off': one("{ script: 'app.js', cron_restart: 0 }", { cron: null }),
  watch: one(
    "{ script: 'app.js', watch: ['$DIR/w'], ignore_watch: ['node_modules', '[\\\\/\\\\\\\\]\\\\./'], watch_delay: 1000, watch_options: { followSymlinks: false } }",
    {
      watch: { paths: ['$DIR/w'], ignore: ['node_modules', String.raw`regexp:/[\/\\]\.\//`], delayMs: 1_000, options: { followSymlinks: false } },
    },
  ),
  'watch that is off': one("{ script: 'app.js', watch: false, ignore_watch: ['x'] }", { watch: null }),
  restarts: one("{ script: 'app.js', min_uptime: '60s', max_restarts: 10, restart_delay: 4000, exp_backoff_restart_delay: 100, stop_exit_codes: [0, 143] }", {
    minUptimeMs: 60_000,
    maxRestarts: 10,
    restartDelayMs: 4_000,
    stopExitCodes: [0, 143],
  }),
  shutdown: one("{ script: 'app.js', kill_timeout: 1600, listen_timeout: 8000, shutdown_with_message: true, wait_ready: true }", {
    shutdownWithMessage: true,
    listenTimeoutMs: 8_000,
  }),
  'a namespace': one("{ script: 'app.js', namespace: 'shop' }", { namespace: 'shop' }),
  'names as PM2 takes them': {
    text: js(['@org/api', 'a/b', 'api:3000', 'My API (prod)'].map((name) => `{ name: '${name}', script: 'app.js' }`).join(', ')),
    apps: [{ name: '@org/api', outFile: '/home/lb/logs/org_api-6989c3ac-out.log' }, { name: 'a/b' }, { name: 'api:3000' }, { name: 'My API (prod)' }],
  },
  'keys that nobody knows': one(
    "{ script: 'app.js', instance: 2, max_size: '10M', start_delay: 1, deploy: {} }",
    { instances: 1 },
    warned('unknown and ignored: instance (did you mean "instances"?), max_size, start_delay (did you mean "restart_delay"?), deploy'),
  ),
  'keys of PM2 alone': one(
    "{ script: 'app.js', vizion: false, pmx: true, automation: false, trace: true, windowsHide: true, username: 'x', kill_retry_time: 100 }",
    { name: 'app' },
  ),
  'empty strings for what is not set': one(
    "{ script: 'app.js', args: '', node_args: '', cwd: '', interpreter: '', max_memory_restart: '', cron_restart: '', out_file: '' }",
    { args: [], cron: null, maxMemoryBytes: null },
  ),
  'undefined for what is not set': one("{ script: 'app.js', args: undefined, instances: process.env.NOT_THERE, env: undefined }", { args: [], instances: 1 }),
  'a deploy section': {
    text: "module.exports = { apps: [{ script: 'app.js' }], deploy: { production: { user: 'x', host: 'y', ref: 'origin/master', repo: 'z', path: '/srv' } } };\n",
    apps: [{ name: 'app' }],
    warnings: warned('ignored next to "apps": deploy', ''),
  },
  'several apps': {
    text: js("{ name: 'web', script: 'app.js', instances: 2 }, { name: 'job', script: 'other.js', autorestart: false }"),
    apps: [
      { name: 'web', kind: 'cluster' },
      { name: 'job', kind: 'plain', autorestart: false },
    ],
  },
  'an array': { text: "module.exports = [{ name: 'a', script: 'app.js' }, { name: 'b', script: 'app.js' }];\n", apps: [{ name: 'a' }, { name: 'b' }] },
  'one app alone': { text: "module.exports = { name: 'api', script: 'app.js', instances: 2 };\n", apps: [{ name: 'api', instances: 2 }] },
  'a function': { text: "module.exports = () => ({ apps: [{ script: 'app.js' }] });\n", apps: [{ name: 'app' }] },
  'ESM with a default export': { file: 'ecosystem.config.mjs', text: "export default { apps: [{ script: 'app.js' }] };\n", apps: [{ name: 'app' }] },
  'ESM with a named export': { file: 'ecosystem.config.mjs', text: "export const apps = [{ name: 'api', script: 'app.js' }];\n", apps: [{ name: 'api' }] },
  'CommonJS with its extension': { file: 'ecosystem.config.cjs', text: js("{ script: 'app.js' }"), apps: [{ name: 'app' }] },
  'another name': { file: 'pm2.config.js', text: js("{ script: 'app.js', exec: undefined }"), apps: [{ name: 'app' }] },
  TypeScript: { file: 'ecosystem.config.ts', text: "export default { apps: [{ script: 'app.js' as string }] };\n", apps: [{ name: 'app' }] },
  'JSON with comments': {
    file: 'process.json',
    text: '{\n  // The API.\n  "apps": [{ "name": "api", "script": "./app.js", "merge_logs": true }]\n}\n',
    apps: [{ name: 'api', mergeLogs: true }],
  },
  YAML: {
    file: 'process.yml',
    text: 'apps:\n  - script: ./app.js\n    name: api\n    instances: 2\n    exec_mode: cluster\n    env:\n      A: 1\n',
    apps: [{ name: 'api', instances: 2 }],
  },
  'a package.json': {
    file: 'package.json',
    text: '{ "name": "shop", "pm2": { "apps": [{ "script": "app.js", "instnaces": 2 }] } }\n',
    apps: [{ name: 'app' }],
    warnings: ['package.json: pm2.apps[0]: unknown and ignored: instnaces (did you mean "instances"?)'],
  },
  'what all apps have': {
    text: "module.exports = { defaults: { kill_timeout: 5000, env: { A: 1, B: 1 } }, apps: [{ name: 'a', script: 'app.js', env: { B: 2 } }, { name: 'b', script: 'app.js', kill_timeout: 1 }] };\n",
    apps: [
      { name: 'a', killTimeoutMs: 5_000, env: { A: '1', B: '2' } },
      { name: 'b', killTimeoutMs: 1, env: { A: '1', B: '1' } },
    ],
  },
  'npm start': one("{ name: 'web', script: 'npm', args: 'start' }", { kind: 'plain', script: '$DIR/app.js' }),
  'npm start as a command line': one("{ name: 'web', script: 'npm start' }", { kind: 'plain', script: '$DIR/app.js' }),
  'npm run, on every core': one("{ name: 'web', script: 'npm', args: 'run serve -- --fast', instances: 'max', exec_mode: 'cluster' }", {
    kind: 'cluster',
    script: '$DIR/app.js',
    args: ['--serve', '--fast'],
  }),
  'a script of npm that only a shell understands': one("{ name: 'web', script: 'npm', args: 'run both' }", { kind: 'command' }),
  'yarn start': one("{ name: 'web', script: 'yarn', args: 'start', interpreter: 'none' }", { kind: 'plain', script: '$DIR/app.js' }),
  'pnpm run start': one("{ name: 'web', script: 'pnpm', args: ['run', 'start'] }", { kind: 'plain', script: '$DIR/app.js' }),
  'node and a script': one("{ name: 'web', script: 'node app.js --fast' }", { kind: 'plain', script: '$DIR/app.js', args: ['--fast'] }),
  'npx and a tool of the project': one("{ name: 'web', script: 'npx', args: 'tool --fast' }", { kind: 'plain', args: ['--fast'] }),
  'the path of a tool of the project': one("{ name: 'web', script: './node_modules/.bin/tool', args: 'run -- app' }", {
    kind: 'plain',
    args: ['run', '--', 'app'],
  }),
  'a tool of the project by its name': one("{ name: 'web', script: 'tool run' }", { kind: 'plain', args: ['run'] }),
  'Python by its extension': one("{ script: 'job.py', args: '--fast' }", { name: 'job', kind: 'command' }),
  'Python by its interpreter': one("{ name: 'py', script: './job.py', interpreter: 'python3', interpreter_args: '-u' }", { kind: 'command' }),
  'python3 and a script': one("{ name: 'py', script: 'python3', args: 'job.py' }", { kind: 'command' }),
  'a script of a shell by its extension': one("{ script: 'work.sh' }", { name: 'work', kind: 'command' }),
  'a script of bash': one("{ name: 'work', script: 'work.sh', interpreter: 'bash', exec_mode: 'fork' }", { kind: 'command' }),
  'a program of its own': one("{ name: 'work', script: './work', interpreter: 'none' }", { kind: 'command' }),
  'a line of a shell': one("{ name: 'line', script: 'sleep 1000 | cat' }", { kind: 'command' }),
  'a command that counts ports': one("{ name: 'work', script: 'work.sh', instances: 2, increment_var: 'PORT', env: { PORT: $PORT } }", {
    kind: 'command',
    instances: 2,
    incrementVar: 'PORT',
  }),
  'copies that count ports': one("{ script: 'app.js', exec_mode: 'fork', instances: 2, increment_var: 'PORT', env: { PORT: $PORT } }", {
    kind: 'plain',
    instances: 2,
    incrementVar: 'PORT',
  }),
  'the user that runs lb anyway': one("{ script: 'app.js', uid: process.getuid(), gid: process.getgid() }", { user: null }),
  'more keys that nobody knows': one(
    "{ script: 'app.js', kill_signal: 'SIGINT', pre_start: 'x', dependency: [], monitoring: true, health_check: {} }",
    { killSignal: 'SIGINT' },
    warned('unknown and ignored: pre_start, dependency, monitoring, health_check'),
  ),
  'the same script twice': {
    text: js("{ name: 'one', script: 'app.js', force: true }, { name: 'two', script: 'app.js', force: true }"),
    apps: [{ name: 'one' }, { name: 'two' }],
  },
};

const SERVER = `const server = require('node:http').createServer((_, response) => response.end('served'));
server.listen(process.env.PORT ?? 0, () => process.send?.('ready'));
process.on('message', (message) => message === 'shutdown' && process.exit());
`;
const SCRIPTS = { start: 'node app.js', serve: 'node app.js --serve', both: 'cd . && node app.js' };

/** What lies beside the file of each case. */
const PROJECT: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ name: 'project', scripts: SCRIPTS }),
  'app.js': SERVER,
  'other.js': SERVER,
  'node_modules/.bin/tool': `#!/usr/bin/env node\n${SERVER}`,
  'job.py': 'import time\nwhile True: time.sleep(1000)\n',
  'work.sh': 'exec sleep 1000\n',
  work: '#!/bin/sh\nexec sleep 1000\n',
  'l/empty': '',
  'w/empty': '',
};

/** Everything below the directory of a case. */
export const filesOf = ({ file = 'ecosystem.config.js', text }: Case, directory: string, port: number): Readonly<Record<string, string>> => ({
  ...PROJECT,
  [file]: placed(text, directory, port),
});

/** The same with the directory and the port. */
export const placed = (text: string, directory: string, port: number): string => text.replaceAll('$DIR', directory).replaceAll('$PORT', String(port));
