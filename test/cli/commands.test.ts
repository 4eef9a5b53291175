import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LbError } from '../../src/errors/lb-error.ts';
import type { LogLine } from '../../src/protocol/control.ts';
import { startTimeOf } from '../../src/system/processes.ts';
import { FakeDaemon, HELLO } from '../client/fake-daemon.ts';
import { app, done, progress } from '../client/samples.ts';
import { lb as runLb, type Ran, type Surroundings } from './run.ts';

let daemon: FakeDaemon;
let work: string;
beforeEach(async () => {
  daemon = new FakeDaemon().on('GET /v1/apps', { json: { apps: [app(), app({ name: 'docs', state: 'stopped', ready: 0, healthy: 0 })] } });
  work = join(daemon.home, 'work');
  mkdirSync(work);
  await daemon.listen();
});
afterEach(() => daemon.stop());

const lb = (line: string, more: Partial<Surroundings> = {}): Promise<Ran> =>
  runLb(line.split(' ').filter(Boolean), { home: daemon.home, cwd: work, ...more });
const withoutDaemon = (line: string): Promise<Ran> => runLb(line.split(' '), { home: join(daemon.home, 'none') });
const jsonLines = (text: string): unknown[] => text.trim().split('\n').map((line) => JSON.parse(line) as unknown);

describe('list', () => {
  it('prints the table, JSON with --json', async () => {
    const { code, out, err } = await lb('list');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('api   online');
    expect(out).not.toContain('\u001b');
    expect(JSON.parse((await lb('ls --json')).out)).toHaveLength(2);
  });

  it('colours a terminal and cuts to its width', async () => {
    const { out } = await lb('l', { columns: 80, env: { TERM: 'xterm' } });
    expect(out).toContain('\u001b[32monline\u001b[39m');
    expect((await lb('l', { columns: 80, env: { TERM: 'xterm', NO_COLOR: '1' } })).out).not.toContain('\u001b');
  });

  it('explains a refusal', async () => {
    daemon.on('GET /v1/apps', { error: new LbError('LB_ERR_PROTOCOL', { ours: 1, theirs: 2, version: '2.0.0' }) });
    expect(await lb('list')).toMatchObject({ code: 4, err: expect.stringContaining('speaks 2') as string });
    daemon.on('GET /v1/hello', { json: { ...HELLO, protocol: 3, version: '3.0.0' } });
    expect(await lb('list')).toMatchObject({ code: 4, err: expect.stringContaining('lb 3.0.0) speaks 3') as string });
  });

  it('is empty and no failure without a daemon', async () => {
    expect(await withoutDaemon('list')).toEqual({ code: 0, out: '', err: expect.stringContaining('no daemon runs for') as string });
    expect((await withoutDaemon('status --json')).out).toBe('[]\n');
  });
});

describe('list without a daemon', () => {
  const record = (content: string): Promise<Ran> => {
    const home = join(daemon.home, 'lost');
    mkdirSync(join(home, 'primaries'), { recursive: true });
    writeFileSync(join(home, 'primaries', 'api.json'), content);
    return runLb(['list'], { home });
  };

  it('is a failure while primaries of it are alive', async () => {
    const ran = await record(JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) }));
    const message = 'error: the daemon is gone, its apps go on serving; a new daemon starts by itself within seconds\n';
    expect(ran).toEqual({ code: 4, out: '', err: expect.stringContaining(message) as string });
  });

  it.each(['{"pid":2147483646,"startTime":1}', '{"pid":', 'null'])('is none with the record %s', async (content) => {
    expect(await record(content)).toMatchObject({ code: 0, err: expect.stringContaining('no daemon runs for') as string });
  });
});

describe('list --workers', () => {
  it('prints one line per worker; JSON has them in any case', async () => {
    const { code, out } = await lb('list -w');
    expect({ code, head: out.split('\n', 1)[0] }).toEqual({ code: 0, head: expect.stringMatching(/^app +slot +state .* weight .* hand-off$/) as string });
    expect(out.split('\n').filter((line) => line.startsWith('api '))).toHaveLength(2);
    expect((await lb('list --workers --json')).out).toBe((await lb('list --json')).out);
  });
});

describe('health', () => {
  const health = [{ slot: 0, pid: 5001, state: 'ready', checks: { passed: 3, failed: 0 }, last: null, lastFailures: [], ejections: 0, causes: [], sinceMs: null }] as const;

  it('ends with 0 for an app that is healthy', async () => {
    daemon.on('GET /v1/apps', { json: { apps: [app({ health })] } });
    expect(await lb('health api')).toEqual({ code: 0, out: expect.stringContaining('api  healthy  2 of 2 workers ready\n') as string, err: '' });
    expect(JSON.parse((await lb('health api --json')).out)).toEqual({ app: 'api', healthy: true, ready: 2, instances: 2, readyMin: 1, panic: false, workers: health });
  });

  it('ends with 1 for one that is not, as one that is stopped', async () => {
    expect(await lb('health docs')).toEqual({ code: 1, out: 'docs  not healthy  0 of 2 workers ready\n', err: '' });
    const { code, out } = await lb('health docs --json');
    expect({ code, healthy: (JSON.parse(out) as { healthy: boolean }).healthy }).toEqual({ code: 1, healthy: false });
  });

  it('ends with 3 and 4 where nothing can be told', async () => {
    expect([(await lb('health nobody')).code, (await withoutDaemon('health api')).code]).toEqual([3, 4]);
  });
});

describe('metrics', () => {
  it('prints the text as it is', async () => {
    daemon.on('GET /v1/metrics', (response) => response.end('lb_build_info 1\n'));
    expect(await lb('metrics')).toEqual({ code: 0, out: 'lb_build_info 1\n', err: '' });
    expect((await withoutDaemon('metrics')).code).toBe(4);
  });

  it('tells the daemon where to serve them', async () => {
    daemon.on('POST /v1/metrics', { json: { url: 'http://127.0.0.1:9615/metrics' } });
    expect((await lb('metrics --listen 127.0.0.1:9615')).out).toBe('the metrics are served at http://127.0.0.1:9615/metrics\n');
    daemon.on('POST /v1/metrics', { json: { url: null } });
    expect((await lb('metrics --listen off')).out).toBe('the metrics are no longer served\n');
    await lb('metrics --listen 9616');
    expect(daemon.orders.map(({ body }) => body)).toEqual([{ listen: { host: '127.0.0.1', port: 9615 } }, { listen: null }, { listen: { host: null, port: 9616 } }]);
    for (const wrong of ['nowhere', '0', '70000']) expect(await lb(`metrics --listen ${wrong}`)).toMatchObject({ code: 2, err: expect.stringContaining('host:port') as string });
    expect(daemon.orders).toHaveLength(3);
  });
});

describe('metrics in a config file', () => {
  it('are served before an app is started, and an address that is taken starts none', async () => {
    writeFileSync(join(work, 'app.js'), '');
    writeFileSync(join(work, 'lb.config.json'), JSON.stringify({ apps: [{ script: 'app.js' }], metrics: { listen: 9615 } }));
    daemon.on('POST /v1/metrics', { json: { url: 'http://127.0.0.1:9615/metrics' } }).on('POST /v1/apps', { stream: [done('app is online')] });
    expect((await lb('start lb.config.json')).code).toBe(0);
    expect(daemon.orders.map(({ path, body }) => (path === '/v1/metrics' ? body : path))).toEqual([{ listen: { host: null, port: 9615 } }, '/v1/apps']);
    daemon.on('POST /v1/metrics', { error: new LbError('LB_ERR_METRICS_LISTEN', { where: '127.0.0.1:9615', reason: 'the port is in use' }) });
    expect(await lb('start lb.config.json')).toMatchObject({ code: 1, err: expect.stringMatching(/lb\.config\.json: metrics\.listen: .*9615: the port is in use\n.*choose another address in /) as string });
    expect(daemon.orders.filter(({ path }) => path === '/v1/apps')).toHaveLength(1);
  });
});

describe('show and ping', () => {
  it('shows one app', async () => {
    expect((await lb('describe api')).out).toContain('max_memory_restart  300M');
    expect(JSON.parse((await lb('show api --json')).out)).toEqual(app());
  });

  it('names the nearest app', async () => {
    expect(await lb('show apu')).toEqual({
      code: 3,
      out: '',
      err: 'error: no app named "apu", did you mean "api"?\nhint: "lb list" shows what exists\n',
    });
  });

  it('pings', async () => {
    expect((await lb('ping')).out).toBe('pong: lb 1.2.3, pid 4242, node 22.11.0, up for 1m 5s\n');
    expect(JSON.parse((await lb('ping --json')).out)).toEqual(HELLO);
    const url = 'http://127.0.0.1:9615/metrics';
    daemon.on('GET /v1/hello', { json: { ...HELLO, metrics: { url, problem: null } } });
    expect((await lb('ping')).out).toContain(`\nmetrics: ${url}\n`);
    daemon.on('GET /v1/hello', { json: { ...HELLO, metrics: { url, problem: 'the port is in use' } } });
    expect((await lb('ping')).out).toContain(`${url} (not served: the port is in use; tried again every second)\n`);
    expect((await withoutDaemon('ping')).code).toBe(4);
  });

  it('tells a daemon of another protocol', async () => {
    daemon.on('GET /v1/hello', { json: { ...HELLO, protocol: 99 } });
    expect(await lb('ping')).toMatchObject({ code: 4, err: expect.stringContaining('speaks 99') as string });
  });
});

describe('operations', () => {
  it('print progress on stderr and the result on stdout', async () => {
    const again = progress({ slot: 1, message: 'api[1] draining' });
    daemon.on('POST /v1/apps/api/reload', { stream: [progress(), again, again, done('"api" reloaded, 2 workers')] });
    expect(await lb('reload api --parallel 2 --monitor 1.5s --on-failure pause --all-at-once')).toEqual({
      code: 0,
      out: '"api" reloaded, 2 workers\n',
      err: 'api[0] ready in 312 ms\napi[1] draining\n',
    });
    expect(daemon.orders).toMatchObject([{ body: { parallel: 2, monitorMs: 1500, onFailure: 'pause', allAtOnce: true } }]);
  });

  it('print raw records with --json', async () => {
    daemon.on('POST /v1/apps/api/stop', { stream: [progress(), done('stopped')] });
    const { out, err } = await lb('stop api --json');
    expect(jsonLines(out)).toEqual([progress(), done('stopped')]);
    expect(err).toBe('');
  });

  it('print a failure with the last words of the worker', async () => {
    const error = new LbError('LB_ERR_RELOAD_FAILED', { app: 'api', reason: 'api[0] exit code 1' }, Array.from({ length: 50 }, (_, i) => `line ${i}`));
    daemon.on('POST /v1/apps/api/reload', { stream: [{ type: 'result', ok: false, error: error.toRecord() }] });
    const { code, out, err } = await lb('reload api');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    const lines = err.trimEnd().split('\n');
    expect(lines[0]).toBe('error: reload of "api" failed: api[0] exit code 1');
    expect(lines.slice(1, -1)).toEqual(Array.from({ length: 40 }, (_, i) => `  | line ${i + 10}`));
    expect(lines.at(-1)).toBe('hint: what served before still serves; repair it and reload again');
    const json = await lb('reload api --json');
    expect(jsonLines(json.out)).toHaveLength(1);
    expect(json.code).toBe(1);
  });

  it('go on with the next target after a failure, and end with the code of the first', async () => {
    daemon.on('POST /v1/apps/api/stop', { error: new LbError('LB_ERR_OPERATION_FAILED', { operation: 'stop', app: 'api', reason: 'no' }) });
    daemon.on('POST /v1/apps/docs/stop', { stream: [done('docs stopped')] });
    expect(await lb('stop ap api docs --now')).toMatchObject({ code: 3, out: 'docs stopped\n' });
    expect(await lb('stop api ap docs')).toMatchObject({ code: 1 });
    expect(daemon.orders.map(({ path, body }) => [path, body])).toEqual([
      ['/v1/apps/api/stop', { now: true }],
      ['/v1/apps/docs/stop', { now: true }],
      ['/v1/apps/api/stop', {}],
      ['/v1/apps/docs/stop', {}],
    ]);
  });

  it('take "all" as every app that is concerned', async () => {
    for (const route of ['POST /v1/apps/api/stop', 'POST /v1/apps/api/restart', 'DELETE /v1/apps/api', 'DELETE /v1/apps/docs']) {
      daemon.on(route, { stream: [done('done')] });
    }
    expect([(await lb('stop all')).code, (await lb('restart all')).code, (await lb('del all')).code]).toEqual([0, 0, 0]);
    expect(daemon.orders.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/apps/api/stop',
      'POST /v1/apps/api/restart',
      'DELETE /v1/apps/api',
      'DELETE /v1/apps/docs',
    ]);
    daemon.on('GET /v1/apps', { json: { apps: [] } });
    expect(await lb('reload all')).toEqual({ code: 0, out: '', err: 'no app is running\n' });
  });

  it('end with 4 when the daemon goes away', async () => {
    daemon.on('POST /v1/apps/api/reload', { stream: [progress()], cut: true });
    expect(await lb('reload api')).toMatchObject({ code: 4, err: expect.stringContaining('the daemon went away') as string });
    expect((await withoutDaemon('reload api')).code).toBe(4);
  });

  it('go on in the background after Ctrl-C', async () => {
    daemon.on('POST /v1/apps/api/reload', { stream: [progress()], hold: true });
    let interrupt = (): void => {};
    const ran = await lb('reload api', { onReady: (given) => (interrupt = given), onOutput: () => interrupt() });
    expect(ran).toEqual({ code: 130, out: '', err: expect.stringContaining('the reload of "api" goes on in the background') as string });
    expect(daemon.orders).toHaveLength(1);
  });

  it('abort a reload', async () => {
    daemon.on('POST /v1/apps/api/abort', { stream: [done('given up')] });
    expect(await lb('reload api --abort')).toMatchObject({ code: 0, out: 'given up\n' });
  });
});

it.each(['x', '-1', '', '0:1'])('profile names the slot %j as what is wrong', async (slot) => {
  expect(await lb(`profile api:${slot} --cpu 1s`)).toMatchObject({ code: 2, err: expect.stringContaining(`after "api:", such as api:0, got "${slot}"`) as string });
});

describe('scale and signal', () => {
  it.each([['4', { to: 4 }], ['+2', { by: 2 }], ['-1', { by: -1 }], ['auto', { auto: true }]])('scale api %s', async (amount, body) => {
    daemon.on('POST /v1/apps/api/scale', { stream: [done('scaled')] });
    expect((await lb(`scale api ${amount}`)).code).toBe(0);
    expect(daemon.orders[0]?.body).toEqual(body);
  });

  it('scale to what the machine grants', async () => {
    daemon.on('POST /v1/apps/api/scale', { stream: [done('scaled')] });
    await lb('scale api max');
    expect(daemon.orders[0]?.body).toEqual({ to: expect.any(Number) as number });
  });

  it.each(['0', '1.5', 'many', '--4', '1025', '+1025'])('refuses to scale to %s', async (amount) => {
    expect((await lb(`scale api ${amount}`)).code).toBe(2);
    expect(daemon.orders).toEqual([]);
  });

  it('signals', async () => {
    daemon.on('POST /v1/apps/api/signal', { stream: [done('sent')] });
    expect((await lb('sendSignal usr2 api')).code).toBe(0);
    expect(daemon.orders[0]?.body).toEqual({ signal: 'SIGUSR2' });
    expect(await lb('signal SIGFOO api')).toMatchObject({ code: 2, err: expect.stringContaining('unknown signal') as string });
  });
});

describe('balance and weight', () => {
  it('balance', async () => {
    daemon.on('POST /v1/apps/api/balance', { stream: [done('api is balanced by ip-hash (was round-robin)')] });
    expect(await lb('balance api ip-hash')).toEqual({ code: 0, out: 'api is balanced by ip-hash (was round-robin)\n', err: '' });
    expect(daemon.orders[0]?.body).toEqual({ strategy: 'ip-hash' });
  });

  it('weight, of several slots at once', async () => {
    daemon.on('POST /v1/apps/api/weight', { stream: [done('changed')] });
    expect((await lb('weight api 3=0 0=0.25 1=256')).code).toBe(0);
    expect(daemon.orders[0]?.body).toEqual({ weights: [{ slot: 3, weight: 0 }, { slot: 0, weight: 0.25 }, { slot: 1, weight: 256 }] });
  });

  it.each(['balance api fastest', 'balance api', 'weight api', 'weight api 1', 'weight api 1=257', 'weight api 1=-1', 'weight api a=1', 'weight api 1=.5', 'weight api 1=0 2'])('%s is a usage error', async (line) => {
    const { code, err } = await lb(line);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('error: ') as string });
    expect(daemon.orders).toEqual([]);
  });

  it('names the strategies and the form of a weight', async () => {
    expect((await lb('balance api fastest')).err).toContain('expected a strategy (round-robin, least-connections, ip-hash, random, direct), got "fastest"');
    expect((await lb('weight api 1=257')).err).toContain('expected <slot>=<weight> with a weight from 0 to 256, such as 3=0, got "1=257"');
  });

  it('pass on what the daemon refuses', async () => {
    daemon.on('POST /v1/apps/api/balance', { error: new LbError('LB_ERR_BALANCE_DIRECT', { app: 'api', strategy: 'direct' }) });
    daemon.on('POST /v1/apps/api/weight', { error: new LbError('LB_ERR_SLOT', { app: 'api', slot: 9, last: 1 }) });
    expect([(await lb('balance api direct')).code, (await lb('weight api 9=1')).code, (await lb('weight apu 0=1')).code]).toEqual([1, 3, 3]);
  });
});

describe('start', () => {
  beforeEach(() => {
    writeFileSync(join(work, 'server.js'), '');
    daemon.on('POST /v1/apps', { stream: [done('"server" is online')] });
  });

  it('starts a script with flags and arguments', async () => {
    const ran = await lb('start server.js -i 3 -n web --wait-ready --no-autorestart --kill-timeout 5s -- --port 80 --json');
    expect(ran).toEqual({ code: 0, out: '"server" is online\n', err: '' });
    expect(daemon.orders[0]?.body).toMatchObject({
      apps: [{ name: 'web', script: join(work, 'server.js'), instances: 3, waitReady: true, autorestart: false, killTimeoutMs: 5000, args: ['--port', '80', '--json'] }],
    });
  });

  it('takes negative numbers of instances', async () => {
    expect((await lb('start server.js -i -1')).code).toBe(0);
    expect(daemon.orders[0]?.body).toMatchObject({ apps: [{ instances: expect.any(Number) as number }] });
  });

  it('starts what a config file defines, found by itself', async () => {
    writeFileSync(join(work, 'lb.config.json'), JSON.stringify({ apps: [{ script: 'server.js', name: 'a', env_live: { MODE: 'live' } }, { script: 'server.js', name: 'b' }] }));
    expect((await lb('start --env live --only a')).code).toBe(0);
    expect(daemon.orders[0]?.body).toMatchObject({ apps: [{ name: 'a', env: { MODE: 'live' } }] });
  });

  it('starts an app that is stopped, by its name, as it was', async () => {
    daemon.on('POST /v1/apps/docs/start', { stream: [done('"docs" is online')] });
    expect((await lb('start docs')).out).toBe('"docs" is online\n');
    expect(await lb('start docs -i 2')).toMatchObject({ code: 2, err: expect.stringContaining('"docs" is the name of an app') as string });
  });

  it('tells that all apps of a config file run, and how they are reloaded', async () => {
    daemon.on('POST /v1/apps', { error: new LbError('LB_ERR_APP_EXISTS', { app: 'a' }) });
    writeFileSync(join(work, 'lb.config.json'), JSON.stringify([{ script: 'server.js', name: 'a' }, { script: 'server.js', name: 'b' }]));
    const err = 'error: every app of lb.config.json is already running: a, b\nhint: use "lb reload lb.config.json" for new versions and definitions\n';
    expect(await lb('start lb.config.json')).toEqual({ code: 1, out: '', err });
    expect((await lb('start')).err).toBe(err);
    expect((await lb('start --only a')).err).toContain('"lb reload lb.config.json --only a"');
    expect(jsonLines((await lb('start --json')).out)).toMatchObject([{ ok: false, error: { code: 'LB_ERR_APPS_EXIST' } }]);
    expect((await lb('start server.js')).err).toContain('app "a" is already running');
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
    expect(daemon.orders).toMatchObject([{ body: { apps: [{ script: join(work, 'docs') }] } }, { body: { apps: [{ script: join(work, 'api', 'index.js') }] } }]);
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

  it('knows flags of PM2', async () => {
    expect(await lb('start server.js --no-vizion --no-pmx --no-automation')).toEqual({ code: 0, out: '"server" is online\n', err: '' });
    expect(await lb('start server.js --no-treekill')).toMatchObject({ code: 0, err: 'warning: command line: not supported yet and ignored: --no-treekill\n' });
    expect(await lb('start server.js -f')).toMatchObject({ code: 2, err: expect.stringContaining('error: --force is not supported yet') as string });
    expect(daemon.orders).toHaveLength(2);
  });

  it('passes on what the daemon says about apps that run already', async () => {
    const note = progress({ operation: 'start', step: 'note', slot: null, generation: null, pid: null, message: 'api runs already, left as it is' });
    daemon.on('POST /v1/apps', { stream: [note, done('"docs" is online')] });
    expect(await lb('start server.js')).toEqual({ code: 0, out: '"docs" is online\n', err: 'api runs already, left as it is\n' });
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

describe('reload with a config file', () => {
  const config = (apps: object[]): void => writeFileSync(join(work, 'lb.config.json'), JSON.stringify({ apps }));
  beforeEach(() => {
    writeFileSync(join(work, 'server.js'), '');
    daemon.on('POST /v1/apps/api/reload', { stream: [done('reloaded')] }).on('POST /v1/apps', { stream: [done('started')] });
  });

  it('sends the new definitions, and starts what does not run', async () => {
    config([{ script: 'server.js', name: 'api', instances: 4 }, { script: 'server.js', name: 'docs' }]);
    expect(await lb('reload lb.config.json')).toEqual({ code: 0, out: 'reloaded\nstarted\n', err: '"docs" does not run yet, starting it\n' });
    expect(daemon.orders).toMatchObject([{ body: { spec: { name: 'api', instances: 4 } } }, { body: { apps: [{ name: 'docs' }] } }]);
  });

  it('changes nothing when the file is wrong', async () => {
    config([{ script: 'server.js', name: 'api', instnces: 4 }]);
    expect((await lb('reload lb.config.json')).code).toBe(2);
    expect(daemon.received).toEqual([]);
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
    const problem = `"${target}" is no config file: --env and --only choose from one and need it as the target, as in "lb ${command} lb.config.js --env production"`;
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

describe('logs', () => {
  const line = (slot: number, at: number, text: string, stream: 'out' | 'err' = 'out'): LogLine => ({ app: 'api', slot, pid: 1, stream, at, text });

  it('prints the last lines in order', async () => {
    daemon.on('GET /v1/apps/api/logs?lines=15', { json: { lines: [line(1, 20, 'second', 'err'), line(0, 10, 'first')] } });
    expect(await lb('logs api --no-follow')).toEqual({ code: 0, out: 'api[0] first\napi[1] second\n', err: '' });
    expect((await lb('logs api --no-follow --err')).out).toBe('api[1] second\n');
    expect(jsonLines((await lb('logs api --no-follow --out --json')).out)).toEqual([line(0, 10, 'first')]);
  });

  it('follows, tells what was dropped, and ends with Ctrl-C', async () => {
    daemon.onLogs = (socket, url) => {
      expect(url).toBe('/v1/logs?lines=2');
      socket.send(JSON.stringify({ type: 'dropped', lines: 3 }));
      socket.send(JSON.stringify({ type: 'line', line: line(0, 10, 'live') }));
    };
    let interrupt = (): void => {};
    let outputs = 0;
    const ran = await lb('log --lines 2', { onReady: (given) => (interrupt = given), onOutput: () => ++outputs === 2 && interrupt() });
    expect(ran).toEqual({ code: 130, out: 'api[0] live\n', err: '3 lines left out here: this reader was too slow\n' });
  });

  it('begins with the files of an app that is stopped', async () => {
    const fromFile: LogLine = { app: 'docs', slot: 0, pid: 0, stream: 'out', at: 0, text: 'bye' };
    daemon.on('GET /v1/apps', { json: { apps: [app({ name: 'docs', state: 'stopped', ready: 0, healthy: 0, primaryPid: null })] } });
    daemon.on('GET /v1/apps/docs/logs?lines=15', { json: { lines: [fromFile] } });
    daemon.onLogs = (socket) => socket.send(JSON.stringify({ type: 'line', line: { ...fromFile, pid: 7, slot: 1, text: 'hello' } }));
    let interrupt = (): void => {};
    let outputs = 0;
    const ran = await lb('logs docs', { onReady: (given) => (interrupt = given), onOutput: () => ++outputs === 3 && interrupt() });
    expect(ran).toEqual({ code: 130, out: 'docs bye\ndocs[1] hello\n', err: 'docs is stopped; here comes what it writes when it runs again\n' });
  });

  it('colours the prefix', async () => {
    daemon.on('GET /v1/apps/api/logs?lines=1', { json: { lines: [line(0, 10, 'x')] } });
    const { out } = await lb('logs api --no-follow --lines 1', { env: { FORCE_COLOR: '1' } });
    expect(stripVTControlCharacters(out)).toBe('api[0] x\n');
    expect(out).toContain('api[0]\u001b[39m x');
  });
});

describe('kill', () => {
  it('waits until the daemon is gone', async () => {
    daemon.on('POST /v1/shutdown', (response) => {
      response.end(`${JSON.stringify(done('all apps stopped'))}\n`);
      setTimeout(() => daemon.on('GET /v1/hello', { json: { ...HELLO, pid: 1 } }), 50);
    });
    expect(await lb('kill')).toEqual({ code: 0, out: 'all apps stopped\n', err: '' });
    expect(daemon.answers.get('GET /v1/hello')).toEqual({ json: { ...HELLO, pid: 1 } });
  });

  it('is no failure without a daemon', async () => {
    expect(await withoutDaemon('kill')).toMatchObject({ code: 0, out: '' });
    expect(jsonLines((await withoutDaemon('kill --json')).out)).toEqual([{ type: 'result', ok: true, apps: [], message: 'no daemon runs' }]);
  });
});
