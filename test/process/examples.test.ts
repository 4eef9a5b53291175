import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { connectEcho } from '../helpers/clients/websocket.ts';
import { needsPackage } from '../helpers/debian-package.ts';
import { getJson, request } from '../helpers/http.ts';
import { ROOT } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { REDIS_SERVER } from '../helpers/redis.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

const example = (path: string): string => join(ROOT, 'examples', path);
const output = (name: string): string => readFileSync(join(sandbox.home, 'logs', `${name}-out.log`), 'utf8');
const bodyOf = async (port: number, path = '/'): Promise<string> => (await request(path, { port })).body;

it('every example has a test here and a README', () => {
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  for (const name of readdirSync(join(ROOT, 'examples'))) {
    expect(source).toContain(`it('${name}'`);
    expect(existsSync(example(`${name}/README.md`)), name).toBe(true);
  }
});

it('http', async () => {
  const { name, port } = await sandbox.start(example('http/server.js'));
  const pids = await sandbox.workerPids(name);
  const answers = await Promise.all([bodyOf(port), bodyOf(port), bodyOf(port)]);
  expect([...new Set(answers)].sort()).toEqual(pids.map((pid) => `hello from process ${pid}\n`).sort());
});

it('express', async () => {
  const { name, port } = await sandbox.start(example('express/server.js'));
  expect(await bodyOf(port)).toBe('hello from Express\n');
  expect((await request('/fails', { port })).status).toBe(500);
  const echo = await request('/echo', { port, method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' });
  expect(JSON.parse(echo.body)).toEqual({ a: 1 });
  expect((await sandbox.snapshot(name)).restarts).toBe(0);
});

it('fastify', async () => {
  const { name, port } = await sandbox.start(example('fastify/server.js'));
  expect(JSON.parse(await bodyOf(port))).toEqual({ hello: 'from Fastify' });
  await sandbox.ok('reload', name, '--monitor', '100');
  expect(output(name).split('plugins closed')).toHaveLength(3);
});

it('esm-database-shutdown', async () => {
  const file = join(sandbox.directory, 'orders.jsonl');
  const { name, port } = await sandbox.start(example('esm-database-shutdown/server.js'), { env: { STORE_FILE: file } });
  const order = async (number: number): Promise<void> => {
    expect((await request('/', { port, method: 'POST', body: String(number) })).status).toBe(201);
  };
  const numbers = Array.from({ length: 60 }, (_, number) => number);
  const reload = sandbox.ok('reload', name, '--monitor', '100');
  for (const number of numbers) await order(number);
  await reload;
  await sandbox.ok('stop', name);
  const stored = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => Number((JSON.parse(line) as { order: string }).order));
  expect(stored.sort((a, b) => a - b)).toEqual(numbers);
  expect(output(name).split('store closed')).toHaveLength(5);
});

it('websocket', async () => {
  const { name, port } = await sandbox.start(example('websocket/server.js'));
  expect(await bodyOf(port)).toContain('1001');
  const client = await connectEcho(port);
  expect(await client.echo('hello')).toBe('echo: hello');
  await sandbox.ok('reload', name, '--monitor', '100');
  expect((await client.closed).code).toBe(1001);
});

it('queue-consumer', async () => {
  const queue = join(sandbox.directory, 'queue');
  mkdirSync(join(queue, 'jobs'), { recursive: true });
  const numbers = Array.from({ length: 40 }, (_, number) => number);
  for (const number of numbers) writeFileSync(join(queue, 'jobs', String(number)), `job-${number}`);
  const { name } = await sandbox.start(example('queue-consumer/consumer.js'), { env: { QUEUE_DIR: queue }, flags: ['--min-uptime', '200'] });
  await sandbox.ok('reload', name, '--monitor', '100');
  await sandbox.waitFor('all jobs to be done', () => output(name).match(/done: /g)?.length === numbers.length);
  await sandbox.ok('stop', name);
  const done = [...output(name).matchAll(/done: job-(\d+)/g)].map((match) => Number(match[1]));
  expect(done.sort((a, b) => a - b)).toEqual(numbers);
  expect(output(name).split('left after the last job')).toHaveLength(5);
});

it('config-file', async () => {
  const [api, web] = [await freePort(), await freePort()];
  const options = { cwd: example('config-file'), env: { API_PORT: String(api), WEB_PORT: String(web) } };
  const started = await sandbox.lbWith(options, 'start');
  expect(started.code, String(started)).toBe(0);
  expect(JSON.parse(await bodyOf(api))).toEqual([{ id: 1, what: 'tea' }]);
  expect(await bodyOf(web)).toBe('1 order(s)\n');
  const reloaded = await sandbox.lbWith(options, 'reload', 'lb.config.js', '--env', 'production', '--monitor', '100');
  expect(reloaded.code, String(reloaded)).toBe(0);
  expect((await sandbox.snapshot('api')).spec.envNames).toContain('LOG_LEVEL');
});

it('express-session-redis', async (context) => {
  needsPackage(context, REDIS_SERVER);
  const env = { REDIS_SOCKET: join(sandbox.directory, 'redis.sock') };
  const npmRun = (script: string): number | null => spawnSync('npm', ['run', script], { cwd: example('express-session-redis'), env: { ...process.env, ...env } }).status;
  expect(npmRun('redis')).toBe(0);
  onTestFinished(() => expect(npmRun('redis:stop')).toBe(0));
  const { port } = await sandbox.start(example('express-session-redis/server.js'), { env });
  const login = await request('/login/ada', { port, method: 'POST' });
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0];
  for (let visit = 0; visit < 4; visit++) expect(await getJson(port, '/', { headers: { cookie } })).toMatchObject({ user: 'ada' });
});
