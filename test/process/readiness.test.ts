/** @module-tag light */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { needsPackage } from '../helpers/debian-package.ts';
import { getJson, request } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { ROOT } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { REDIS_SERVER, startRedis } from '../helpers/redis.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

/** Answers every request on a port as the load expects it. */
const SERVE = `
const http = require('node:http');
const answer = (request, response) => response.end(JSON.stringify({ version: process.env.VERSION ?? '1', pid: process.pid, received: 0 }));
const serve = (where) => http.createServer(answer).listen(where);
`;

/** Without a hint in its environment. */
const NO_PORT = { PORT: '' };

it('an app that listens late is started when it serves, though nothing says that it will listen', async () => {
  const port = await freePort();
  const script = sandbox.writeApp('late.cjs', `${SERVE}setTimeout(() => serve(${port}), 3_000);`);
  const { name, result } = await sandbox.start(script, { instances: null, env: NO_PORT });
  expect(result.stderr).toContain(`${name} is not listening yet`);
  expect(result.stdout).toContain(`${name} is online with 1 worker, listening on *:${port}`);
  expect((await request('/', { port })).status).toBe(200);
});

it('an app that throws before it listens fails its start each time, and is not shown as online', async () => {
  const script = sandbox.writeApp('throws.cjs', "setTimeout(() => { throw new Error('no config'); }, 1_500);");
  const { name, result } = await sandbox.tryStart(script, {
    instances: null,
    env: NO_PORT,
    flags: ['--min-uptime', '200', '--exp-backoff-restart-delay', '50'],
  });
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr.match(/ended: Error: no config at \S+throws\.cjs:1\n\S+ starts again (?:immediately|in)/g)).toHaveLength(2);
  expect(result.stderr).toContain(`app "${name}" has not started yet`);
  expect(result.stderr).toContain(`give up with "lb stop ${name}"`);
  const later = await sandbox.waitForApp(name, 'have a worker again', ({ ready }) => ready === 1);
  expect(later.state).toBe('degraded');
});

it('PORT is a hint: the start waits for the app to listen, then says that it does not', async () => {
  const bot = sandbox.writeApp('bot.cjs', 'setInterval(() => {}, 1_000);');
  const { port, result } = await sandbox.start(bot, { instances: null, flags: ['--listen-timeout', '1500ms', '--min-uptime', '200'] });
  expect(result.durationMs).toBeGreaterThan(1_500);
  expect(result.stdout).toContain(`not listening (PORT=${port})`);
  expect((await sandbox.ok('list')).stdout).toContain(`not listening (PORT=${port})`);
});

it('what an app needs comes up later: it starts by itself, and a repaired one at once with the same command', async () => {
  const port = await freePort();
  const flag = join(sandbox.directory, 'database');
  const source = `${SERVE}if (!require('node:fs').existsSync(${JSON.stringify(flag)})) throw new Error('no database'); serve(${port});`;
  const script = sandbox.writeApp('needs.cjs', source);
  const flags = ['--max-restarts', '10', '--restart-delay', '1s'];
  const { name, result } = await sandbox.tryStart(script, { instances: null, flags });
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toMatch(/ended: Error: no database at .*\n\S+ starts again in/);
  writeFileSync(flag, '');
  await sandbox.waitForOnline(name);
  await sandbox.ok('delete', name);

  const broken = sandbox.writeApp('typo.cjs', 'serv(1);');
  const typo = { name: 'typo', instances: null, flags: ['--restart-delay', '60s'] };
  expect((await sandbox.tryStart(broken, { ...typo, flags: ['--restart-delay', '1500ms'] })).result.code).toBe(1);
  sandbox.writeApp('typo.cjs', `${SERVE}serve(${port});`);
  await sandbox.start(broken, typo);
  expect((await request('/', { port })).status).toBe(200);
});

it('a second port that opens late, and a helper socket that opens first: a reload refuses nobody', async () => {
  const [main, admin] = [await freePort(), await freePort()];
  const socket = join(sandbox.directory, 'helper.sock');
  const script = sandbox.writeApp(
    'three.cjs',
    `${SERVE}serve(${JSON.stringify(socket)}); setTimeout(() => serve(${main}), 600); setTimeout(() => serve(${admin}), 1_500);`,
  );
  const { name } = await sandbox.start(script, { instances: 1 });
  await sandbox.waitForApp(name, 'listen three times', ({ listeners }) => listeners.length === 3);
  const loads = [{ port: main }, { port: admin }, { socketPath: socket }].map((where) => startLoad({ ...where, mode: 'connection-per-request', clients: 1 }));
  await sandbox.ok('reload', name, '--monitor', '100');
  for (const load of loads) await load.waitForServed(20);
  for (const load of loads) expectLossless(await load.stop(), 'reload with three listeners');
});

it('a wrapper that first listens on a pipe of its own is started when the server that it spawns listens', async () => {
  const port = await freePort();
  const server = sandbox.writeApp('spawned.cjs', `${SERVE}setTimeout(() => serve(${port}), 1_500);`);
  const script = sandbox.writeApp(
    'wrapper.cjs',
    `require('node:net').createServer().listen(__dirname + '/' + process.pid + '.pipe');
     const child = require('node:child_process').spawn(process.execPath, [${JSON.stringify(server)}], { stdio: 'inherit' });
     process.on('SIGTERM', () => child.kill() && process.exit());`,
  );
  const { name, result } = await sandbox.start(script, { instances: null, env: NO_PORT, flags: ['--min-uptime', '200'] });
  expect(result.stdout).toContain(`listening on tcp *:${port}`);
  expect((await request('/', { port })).status).toBe(200);
  process.kill(await sandbox.primaryPid(name), 'SIGKILL');
  const again = await sandbox.waitForOnline(name);
  expect(again.unserved).toEqual([]);
});

/** Takes its port, unless something answers there: then it takes another one. */
const looksForPort = (port: number, other: number): string =>
  `${SERVE}
const probe = require('node:net').connect(${port}, '127.0.0.1');
probe.on('connect', () => { probe.destroy(); serve(${other}); });
probe.on('error', () => serve(${port}));`;

it('an app that takes another port where the old one answers: the reload fails, --drop accepts it', async () => {
  const [port, other] = [await freePort(), await freePort()];
  const { name } = await sandbox.start(sandbox.writeApp('moves.cjs', looksForPort(port, other)), { instances: 1, flags: ['--listen-timeout', '1500ms'] });
  const load = startLoad({ port, mode: 'connection-per-request', clients: 1 });
  const failed = await sandbox.lb('reload', name, '--monitor', '100');
  expect(failed.code, String(failed)).toBe(1);
  expect(failed.stderr).toContain(`not listening on *:${port}, as the worker before it does`);
  expect(failed.stderr).toContain(`if that is intended: lb reload ${name} --drop :${port}`);
  expectLossless(await load.stop(), 'the old worker goes on serving');
  expect((await sandbox.snapshot(name)).state).toBe('online');

  const unknown = await sandbox.lb('reload', name, '--drop', ':1');
  expect([unknown.code, unknown.stderr.includes(`*:${port}`)]).toEqual([3, true]);
  await sandbox.ok('reload', name, '--monitor', '100', '--drop', `:${port}`);
  expect((await request('/', { port: other })).status).toBe(200);
});

it('after a crash onto another port the app is degraded: list, health and /ready name the port', async () => {
  const [port, other, healthPort] = [await freePort(), await freePort(), await freePort()];
  const source = `${SERVE}serve(require('node:fs').existsSync(__filename + '.moved') ? ${other} : ${port});`;
  const script = sandbox.writeApp('crashes.cjs', source);
  const { name } = await sandbox.start(script, { instances: 1, flags: ['--health-port', String(healthPort)] });
  writeFileSync(`${script}.moved`, '');
  const [worker] = await sandbox.workerPids(name);
  if (worker !== undefined) process.kill(worker, 'SIGKILL');
  await sandbox.waitForApp(name, 'be degraded', ({ state, ready }) => state === 'degraded' && ready === 1);
  const says = `no worker listens on *:${port}, where one did before`;
  expect((await sandbox.ok('list')).stdout).toContain(says);
  const health = await sandbox.lb('health', name);
  expect([health.code, health.stdout.includes(says)]).toEqual([1, true]);
  expect(await getJson(healthPort, '/ready')).toMatchObject({ status: 'not ready', ready: 1, unserved: [`*:${port}`] });
});

it('the Redis example without Redis: a start fails, and a reload leaves the old workers', async (context) => {
  const program = needsPackage(context, REDIS_SERVER);
  const script = join(ROOT, 'examples/express-session-redis/server.js');
  const port = await freePort();
  const flags = ['--port', String(port), '--max-restarts', '0', '--listen-timeout'];
  const without = await sandbox.tryStart(script, {
    instances: 1,
    flags: [...flags, '3s'],
    env: { ...NO_PORT, REDIS_SOCKET: join(sandbox.directory, 'none.sock') },
  });
  expect(without.result.code, String(without.result)).toBe(1);
  expect(without.result.stderr).toContain(`not listening on port ${port} within 3 s`);

  const redis = await startRedis(program, sandbox.directory);
  const { name } = await sandbox.start(script, { instances: 1, flags: [...flags, '8s'], env: { ...NO_PORT, REDIS_SOCKET: redis } });
  const before = await sandbox.workerPids(name);
  const reload = await sandbox.lbWith({ env: { REDIS_SOCKET: join(sandbox.directory, 'none.sock') } }, 'reload', name, '--update-env');
  expect(reload.code, String(reload)).toBe(1);
  expect(await sandbox.workerPids(name)).toEqual(before);
});
