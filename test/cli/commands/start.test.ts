import { EventEmitter } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { LbError } from '../../../src/errors/lb-error.ts';
import { FakeDaemon, HELLO } from '../../client/fake-daemon.ts';
import { app, done, progress } from '../../client/samples.ts';
import { daemon, jsonLines, lb, work } from './daemon.ts';

describe('start', () => {
  beforeEach(() => {
    writeFileSync(join(work, 'server.js'), '');
    daemon.on('POST /v1/apps', { stream: [done('"server" is online')] });
  });

  it('starts a script with flags and arguments', async () => {
    const ran = await lb('start server.js -i 3 -n web --wait-ready --no-autorestart --kill-timeout 5s -- --port 80 --json');
    expect(ran).toEqual({ code: 0, out: '"server" is online\n', err: '' });
    expect(daemon.orders[0]?.body).toMatchObject({
      apps: [
        {
          name: 'web',
          script: join(work, 'server.js'),
          instances: 3,
          waitReady: true,
          autorestart: false,
          killTimeoutMs: 5000,
          args: ['--port', '80', '--json'],
        },
      ],
    });
  });

  it.each(['npx tsx server.js', 'npm start', 'npm run start', 'node server.js', 'tsx server.js', 'next start'])(
    'refuses the loose words of one command (%s), and says how to start it',
    async (words) => {
      mkdirSync(join(work, 'node_modules', '.bin'), { recursive: true });
      writeFileSync(join(work, 'node_modules', '.bin', 'next'), '#!/usr/bin/env node\n', { mode: 0o755 });
      expect(await lb(`start ${words}`)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`quote it: lb start '${words}'`) as string });
      expect(daemon.orders).toEqual([]);
    },
  );

  it('starts several targets, also an app that has the name of a program', async () => {
    daemon.on('POST /v1/apps/docs/start', { stream: [done('"docs" is online')] });
    mkdirSync(join(work, 'node_modules', '.bin'), { recursive: true });
    writeFileSync(join(work, 'node_modules', '.bin', 'docs'), '#!/usr/bin/env node\n', { mode: 0o755 });
    expect((await lb('start docs web')).err).not.toContain('quote it');
    expect((await lb('start server.js server.js')).code).toBe(0);
  });

  it.each([
    ['start server.js -i 3', 'lb start server.js -i 3 -n shop'],
    ['start server.js -n server -i 3 -- --name x', 'lb start server.js -i 3 -n shop -- --name x'],
    ['start server.js --name=server', 'lb start server.js -n shop'],
  ])('a name that is taken (%s): gives the command with another one', async (line, advised) => {
    const details = { app: 'server', owner: '/a/server.js', claim: '/b/server.js', other: 'shop' };
    daemon.on('POST /v1/apps', { error: new LbError('LB_ERR_NAME_TAKEN', details) });
    expect(await lb(line)).toMatchObject({ code: 1, err: expect.stringContaining(`hint: give it a name of its own: ${advised}\n`) as string });
  });

  it('warns of limits that are lower than those of this shell', async () => {
    const limits = { openFiles: 8, processes: null, coreBytes: null, lockedBytes: null };
    daemon.on('POST /v1/apps', { stream: [{ type: 'result', ok: true, apps: [app({ limits })], message: 'up' }] });
    expect((await lb('start server.js')).err).toMatch(
      /^warning: "api" has lower limits than this shell: 8 open files \(here: [\d,]+ open files\); limits come from the daemon/,
    );
  });

  it('says which Node.js runs the app, if it is not the one of this command', async () => {
    daemon.on('GET /v1/hello', { json: { ...HELLO, node: '20.0.1' } });
    expect((await lb('start server.js')).err).toContain('run with the Node.js of the daemon, v20.0.1, not with that of this command');
    expect((await lb(`start server.js --interpreter ${process.execPath}`)).err).toBe('');
  });

  it('takes negative numbers of instances', async () => {
    expect((await lb('start server.js -i -1')).code).toBe(0);
    expect(daemon.orders[0]?.body).toMatchObject({ apps: [{ instances: expect.any(Number) as number }] });
  });

  it('starts what a config file defines, found by itself', async () => {
    writeFileSync(
      join(work, 'lb.config.json'),
      JSON.stringify({
        apps: [
          { script: 'server.js', name: 'a', env_live: { MODE: 'live' } },
          { script: 'server.js', name: 'b' },
        ],
      }),
    );
    expect((await lb('start --env live --only a')).code).toBe(0);
    expect(daemon.orders[0]?.body).toMatchObject({ apps: [{ name: 'a', env: { MODE: 'live' } }] });
  });

  it('starts an app that is stopped, by its name, as it was', async () => {
    daemon.on('POST /v1/apps/docs/start', { stream: [done('"docs" is online')] });
    expect((await lb('start docs')).out).toBe('"docs" is online\n');
    expect(await lb('start docs -i 2')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/"docs" is the name of an app[^]*\nhint: run "lb start --help"\n$/) as string,
    });
  });

  it('tells how another definition of a config file is put in place', async () => {
    daemon.on('POST /v1/apps', { error: new LbError('LB_ERR_OTHER_DEFINITION', { app: 'a' }) });
    writeFileSync(
      join(work, 'lb.config.json'),
      JSON.stringify([
        { script: 'server.js', name: 'a' },
        { script: 'server.js', name: 'b' },
      ]),
    );
    const err = 'error: app "a" is running with another definition\nhint: put this one in place with "lb apply lb.config.json"\n';
    expect(await lb('start lb.config.json')).toEqual({ code: 1, out: '', err });
    expect((await lb('start')).err).toBe(err);
    expect((await lb('start --only a')).err).toContain('"lb apply lb.config.json --only a"');
    expect(jsonLines((await lb('start --json')).out)).toMatchObject([{ ok: false, error: { code: 'LB_ERR_OTHER_DEFINITION' } }]);
    expect((await lb('start server.js')).err).toContain('hint: to put this one in place without a gap, add --reload to "lb start"');
  });

  it('with --reload also reloads what runs: a name as it is, a script and a file with their definitions, the rest started side by side', async () => {
    daemon.on('POST /v1/apps/api/reload', { stream: [done('reloaded')] }).on('POST /v1/apps/docs/start', { stream: [done('started')] });
    expect(await lb('start api docs --reload')).toEqual({ code: 0, out: 'reloaded\nstarted\n', err: '' });
    expect((await lb('start all --reload')).out).toBe('reloaded\nstarted\n');
    const apps = ['api', 'new', 'docs'].map((name) => ({ script: 'server.js', name }));
    writeFileSync(join(work, 'lb.config.json'), JSON.stringify(apps));
    daemon.on('GET /v1/apps/api/env', { json: { env: {} } });
    expect((await lb('start --reload')).code).toBe(0);
    expect((await lb('start server.js -n api -i 3 --reload')).code).toBe(0);
    expect(daemon.orders.slice(4)).toMatchObject([
      { path: '/v1/apps', body: { apps: [{ name: 'new' }, { name: 'docs' }] } },
      { path: '/v1/apps/api/reload', body: { spec: { name: 'api' } } },
      { path: '/v1/apps/api/reload', body: { spec: { name: 'api', instances: 3 } } },
    ]);
  });

  it('with --reload goes on after a reload that failed, and exits with 1', async () => {
    daemon.on('POST /v1/apps/api/reload', { error: new LbError('LB_ERR_OPERATION_FAILED', { operation: 'reload', app: 'api', reason: 'it crashed' }) });
    daemon.on('GET /v1/apps/api/env', { json: { env: {} } }).on('POST /v1/apps/docs/start', { stream: [done('started')] });
    expect(await lb('start server.js docs --name api --reload')).toMatchObject({ code: 2 });
    writeFileSync(join(work, 'lb.config.json'), JSON.stringify([{ script: 'server.js', name: 'api' }]));
    expect(await lb('start lb.config.json docs --reload')).toMatchObject({ code: 1, out: 'started\n' });
  });

  it('takes a name for the app, before it guesses an extension', async () => {
    writeFileSync(join(work, 'docs.js'), '');
    mkdirSync(join(work, 'docs'));
    daemon.on('POST /v1/apps/docs/start', { stream: [done('"docs" is online')] });
    expect((await lb('start docs')).out).toBe('"docs" is online\n');
    expect((await lb('start server')).out).toBe('"server" is online\n');
    daemon.on('POST /v1/apps/api/start', { error: new LbError('LB_ERR_APP_EXISTS', { app: 'api' }) });
    writeFileSync(join(work, 'api.js'), '');
    expect(await lb('start api')).toMatchObject({ code: 1, err: expect.stringContaining('app "api" is already running') as string });
    expect(daemon.orders.map(({ path }) => path)).toEqual(['/v1/apps/docs/start', '/v1/apps', '/v1/apps/api/start']);
  });

  it('takes a path for a path, whatever the apps are called', async () => {
    writeFileSync(join(work, 'docs'), '');
    mkdirSync(join(work, 'api'));
    writeFileSync(join(work, 'api', 'index.js'), '');
    expect([(await lb('start docs')).code, (await lb('start api')).code]).toEqual([0, 0]);
    expect(daemon.orders).toMatchObject([
      { body: { apps: [{ script: join(work, 'docs') }] } },
      { body: { apps: [{ script: join(work, 'api', 'index.js') }] } },
    ]);
  });

  it('starts the daemon to ask it for a name when there were apps', async () => {
    const other = new FakeDaemon().on('GET /v1/apps', { json: { apps: [app({ name: 'docs', state: 'stopped' })] } });
    other.on('POST /v1/apps/docs/start', { stream: [done('"docs" is online')] });
    chmodSync(other.home, 0o700);
    writeFileSync(join(other.home, 'state.json'), '{}');
    writeFileSync(join(work, 'docs.js'), '');
    const startDaemon = (): EventEmitter & { exitCode: null; signalCode: null } => {
      void other.listen();
      return Object.assign(new EventEmitter(), { exitCode: null, signalCode: null });
    };
    expect(await lb('start docs', { home: other.home, startDaemon })).toEqual({ code: 0, out: '"docs" is online\n', err: '' });
    await other.stop();
  });

  it('takes an empty list among the flags', async () => {
    expect((await lb('start server.js --node-args=')).code).toBe(0);
  });

  it('knows flags of PM2', async () => {
    expect(await lb('start server.js --no-vizion --no-pmx --no-automation')).toEqual({ code: 0, out: '"server" is online\n', err: '' });
  });

  it('starts a script once more with --force, under a name that is free', async () => {
    expect((await lb('start server.js -f')).code).toBe(0);
    expect((await lb('start server.js -f -n docs')).code).toBe(0);
    expect(daemon.orders).toMatchObject([{ body: { apps: [{ name: 'server' }] } }, { body: { apps: [{ name: 'docs-2' }] } }]);
    expect(JSON.stringify(daemon.orders[1]?.body)).toContain('/docs-2-out.log');
  });

  it('passes on what the daemon says about apps that run already', async () => {
    const note = progress({
      operation: 'start',
      step: 'note',
      slot: null,
      generation: null,
      pid: null,
      message: 'api is already running and was left unchanged',
    });
    daemon.on('POST /v1/apps', { stream: [note, done('"docs" is online')] });
    expect(await lb('start server.js')).toEqual({ code: 0, out: '"docs" is online\n', err: 'api is already running and was left unchanged\n' });
  });

  it('refuses what is not there before it starts a daemon', async () => {
    const startDaemon = (): never => expect.unreachable();
    const home = join(daemon.home, 'none');
    expect((await lb('start nothing.js', { home, startDaemon })).code).toBe(3);
    expect((await lb('start', { home, startDaemon })).code).toBe(2);
    expect((await lb('start server.js -i many', { home, startDaemon })).code).toBe(2);
  });

  it('starts a daemon when none runs', async () => {
    const other = new FakeDaemon().on('POST /v1/apps', { stream: [done('"server" is online')] });
    chmodSync(other.home, 0o700);
    const startDaemon = (): EventEmitter & { exitCode: null; signalCode: null } => {
      setTimeout(() => void other.listen(), 20);
      return Object.assign(new EventEmitter(), { exitCode: null, signalCode: null });
    };
    expect(await lb('start server.js', { home: other.home, startDaemon })).toMatchObject({ code: 0, out: '"server" is online\n' });
    await other.stop();
  });
});

describe('metrics in a config file', () => {
  it('are served before an app is started, and an address that is taken starts none', async () => {
    writeFileSync(join(work, 'app.js'), '');
    writeFileSync(join(work, 'lb.config.json'), JSON.stringify({ apps: [{ script: 'app.js' }], metrics: { listen: 9615 } }));
    daemon.on('POST /v1/metrics', { json: { url: 'http://127.0.0.1:9615/metrics' } }).on('POST /v1/apps', { stream: [done('app is online')] });
    expect((await lb('start lb.config.json')).code).toBe(0);
    expect(daemon.orders.map(({ path, body }) => (path === '/v1/metrics' ? body : path))).toEqual([
      { listen: { host: null, port: 9615 }, hosts: [] },
      '/v1/apps',
    ]);
    daemon.on('POST /v1/metrics', { error: new LbError('LB_ERR_METRICS_LISTEN', { where: '127.0.0.1:9615', reason: 'the port is in use' }) });
    expect(await lb('start lb.config.json')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/lb\.config\.json: metrics\.listen: .*9615: the port is in use\n.*choose another address in /) as string,
    });
    expect(daemon.orders.filter(({ path }) => path === '/v1/apps')).toHaveLength(1);
  });
});

describe('reload with a config file', () => {
  const config = (apps: object[]): void => writeFileSync(join(work, 'lb.config.json'), JSON.stringify({ apps }));
  beforeEach(() => {
    writeFileSync(join(work, 'server.js'), '');
    daemon.on('POST /v1/apps/api/reload', { stream: [done('reloaded')] }).on('POST /v1/apps', { stream: [done('started')] });
  });

  it('sends the new definitions, and starts what does not run', async () => {
    config([
      { script: 'server.js', name: 'api', instances: 4 },
      { script: 'server.js', name: 'docs' },
    ]);
    expect(await lb('reload lb.config.json')).toEqual({ code: 0, out: 'reloaded\nstarted\n', err: '"docs" is not running, starting it\n' });
    expect(daemon.orders).toMatchObject([{ body: { spec: { name: 'api', instances: 4 } } }, { body: { apps: [{ name: 'docs' }] } }]);
  });

  it('changes nothing when the file is wrong', async () => {
    config([{ script: 'server.js', name: 'api', instnces: 4 }]);
    expect((await lb('reload lb.config.json')).code).toBe(2);
    expect(daemon.orders).toEqual([]);
  });

  it('--update-env sends what a worker would inherit from the caller', async () => {
    daemon.on('POST /v1/apps/api/restart', { stream: [done('restarted')] });
    const env = { PORT: '4000', PWD: '/tmp', PM2_HOME: '/p', NODE_APP_INSTANCE: '3' };
    expect((await lb('reload api --update-env --parallel 2', { env })).code).toBe(0);
    expect((await lb('restart api --update-env', { env })).code).toBe(0);
    const updateEnv = { PORT: '4000', PATH: process.env['PATH'] };
    expect(daemon.orders.map(({ body }) => body)).toEqual([{ parallel: 2, updateEnv }, { updateEnv }]);
  });

  it.each(['reload api', 'reload all', 'restart api', 'start docs'])('refuses --env and --only without one: %s', async (line) => {
    const [command = '', target = ''] = line.split(' ');
    const problem = `"${target}" is not a config file; --env and --only need one as the target, as in "lb ${command} lb.config.js --env production"`;
    expect(await lb(`${line} --env production`)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(problem) as string });
    expect(await lb(`${line} --only api`)).toMatchObject({ code: 2, err: expect.stringContaining('lb.config.js --only api"') as string });
    expect(daemon.orders).toEqual([]);
  });

  it('--update-env leaves what a file defines alone', async () => {
    config([{ script: 'server.js', name: 'api', env: { PORT: 80 } }]);
    expect((await lb('reload lb.config.json --update-env', { env: { PORT: '4000' } })).code).toBe(0);
    expect(daemon.orders).toMatchObject([{ body: { spec: { env: { PORT: '80' } } } }]);
    expect(daemon.orders[0]?.body).not.toHaveProperty('updateEnv');
  });
});
