/** @module-tag light */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { expect, it, onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { connectEcho } from '../helpers/clients/websocket.ts';
import { debianPackage, needsPackage } from '../helpers/debian-package.ts';
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

it('grafana', async () => {
  const { name } = await sandbox.start(example('http/server.js'));
  const { panels } = JSON.parse(readFileSync(example('grafana/dashboard.json'), 'utf8')) as { panels: readonly object[] };
  const [target = ''] = /127\.0\.0\.1:\d+/.exec(readFileSync(example('grafana/prometheus.yml'), 'utf8')) ?? [];
  const port = await freePort();
  await sandbox.ok('metrics', '--listen', target.replace(/\d+$/, String(port)));
  const { body } = await request('/metrics', { port });
  // What the dashboard's list of apps is made of.
  expect(body).toContain(`lb_app_instances{app="${name}"} 2\n`);
  expect(panels.length).toBeGreaterThan(10);
  await sandbox.ok('metrics', '--listen', 'off');
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
  const stored = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => Number((JSON.parse(line) as { order: string }).order));
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
  const numbers = Array.from({ length: 24 }, (_, number) => number);
  for (const number of numbers) writeFileSync(join(queue, 'jobs', String(number)), `job-${number}`);
  const name = 'consumer';
  // Without PORT: it is a hint that an app will listen, and the start would wait for that.
  const started = await sandbox.lbWith(
    { env: { QUEUE_DIR: queue } },
    'start',
    example('queue-consumer/consumer.js'),
    '-n',
    name,
    '-i',
    '2',
    '--min-uptime',
    '200',
  );
  expect(started.code, String(started)).toBe(0);
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

it('socket.io', async () => {
  const port = await freePort();
  const started = await sandbox.lbWith({ cwd: example('socket.io'), env: { PORT: String(port) } }, 'start');
  expect(started.code, String(started)).toBe(0);
  expect(await bodyOf(port)).toContain('/socket.io/socket.io.js');
  const client = io(`http://127.0.0.1:${port}`, { forceNew: true });
  onTestFinished(() => void client.close());
  expect(await sandbox.workerPids('chat')).toContain(await client.timeout(10_000).emitWithAck('message', 'hello'));
});

it('express-session-redis', async (context) => {
  needsPackage(context, REDIS_SERVER);
  const env = { REDIS_SOCKET: join(sandbox.directory, 'redis.sock') };
  const npmRun = (script: string): number | null =>
    spawnSync('npm', ['run', script], { cwd: example('express-session-redis'), env: { ...process.env, ...env } }).status;
  expect(npmRun('redis')).toBe(0);
  onTestFinished(() => expect(npmRun('redis:stop')).toBe(0));
  const { port } = await sandbox.start(example('express-session-redis/server.js'), { env });
  const login = await request('/login/ada', { port, method: 'POST' });
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0];
  for (let visit = 0; visit < 4; visit++) expect(await getJson(port, '/', { headers: { cookie } })).toMatchObject({ user: 'ada' });
});

/** A file of an example with its fixed words (ports, paths) replaced, where it is used. */
function placed(path: string, words: Readonly<Record<string, string | number>>): string {
  const text = Object.entries(words).reduce((changed, [word, value]) => changed.replaceAll(word, String(value)), readFileSync(example(path), 'utf8'));
  return sandbox.writeApp(path, text);
}

/** Runs a server in front of an app in the foreground; it ends with the test. */
function runInFront(command: string, args: readonly string[]): void {
  const server = spawn(command, args, { cwd: sandbox.directory, stdio: ['ignore', 'ignore', 'inherit'] });
  onTestFinished(async () => {
    const exited = server.exitCode === null ? once(server, 'exit') : undefined;
    server.kill('SIGTERM');
    await exited;
  });
}

it('nginx', async (context) => {
  const nginx = needsPackage(context, debianPackage('nginx', 'nginx-light'));
  const [front, health] = [await freePort(), await freePort()];
  const { port } = await sandbox.start(example('http/server.js'), { flags: ['--health-port', `127.0.0.1:${health}`] });
  const snippet = placed('nginx/lb.conf', { ' 8080': ` ${front}`, ':3000': `:${port}`, ':9000': `:${health}` });
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${sandbox.directory}/${kind};`).join(' ');
  const file = sandbox.writeApp(
    'nginx/nginx.conf',
    `daemon off; pid ${sandbox.directory}/nginx.pid; events {} http { access_log off; ${scratch} include ${snippet}; }`,
  );
  const args = ['-c', file, '-p', sandbox.directory, '-e', 'stderr'];
  const checked = spawnSync(nginx, ['-t', ...args], { encoding: 'utf8' });
  expect(checked.status, checked.stderr).toBe(0);
  runInFront(nginx, args);
  await sandbox.waitFor('the app to answer through nginx', async () => (await bodyOf(front)).startsWith('hello from process'));
  expect((await request('/ready', { port: front })).status).toBe(200);
});

it('haproxy', async (context) => {
  const haproxy = needsPackage(context, debianPackage('haproxy', 'haproxy'));
  const [front, health, port] = [await freePort(), await freePort(), await freePort()];
  const config = placed('haproxy/ecosystem.config.js', { 9000: health, '../http/server.js': example('http/server.js') });
  const file = placed('haproxy/haproxy.cfg', { ':8080': `:${front}`, ':3000': `:${port}`, 'port 9000': `port ${health}` });
  const checked = spawnSync(haproxy, ['-c', '-f', file], { encoding: 'utf8' });
  expect(checked.status, checked.stderr).toBe(0);
  const started = await sandbox.lbWith({ env: { PORT: String(port) } }, 'start', config);
  expect(started.code, String(started)).toBe(0);
  runInFront(haproxy, ['-db', '-f', file]);
  await sandbox.waitFor('the app to answer through HAProxy', async () => (await bodyOf(front)).startsWith('hello from process'));
});

it('kubernetes', async () => {
  const [port, health] = [await freePort(), await freePort()];
  const config = placed('kubernetes/ecosystem.config.js', { 9000: health, './server.js': example('http/server.js') });
  const started = await sandbox.lbWith({ env: { PORT: String(port) } }, 'start', config);
  expect(started.code, String(started)).toBe(0);
  const { spec } = await sandbox.snapshot('web');

  const documents = parseAllDocuments(readFileSync(example('kubernetes/deployment.yaml'), 'utf8'));
  expect(documents.map((document) => document.get('kind'))).toEqual(['Deployment', 'Service']);
  const inPod = (...path: (string | number)[]): unknown => documents[0]?.getIn(['spec', 'template', 'spec', ...path]);
  expect(Number(inPod('terminationGracePeriodSeconds')) * 1000).toBeGreaterThan(spec.killTimeoutMs + spec.drainDelayMs);
  const probe = async (name: string): Promise<number> => (await request(String(inPod('containers', 0, name, 'httpGet', 'path')), { port: health })).status;
  expect([await probe('livenessProbe'), await probe('readinessProbe')]).toEqual([200, 200]);

  const stop = sandbox.lbBackground('stop', 'web');
  await sandbox.waitFor('not to be ready any more', async () => (await probe('readinessProbe')) === 503);
  expect(await probe('livenessProbe')).toBe(200);
  expect(await bodyOf(port)).toMatch(/^hello from process/);
  await sandbox.ok('stop', 'web', '--now');
  await stop.ended;
});

/** The example's config, in a project with the rest. */
function projectOf(name: string, files: Readonly<Record<string, string>>): string {
  const config = readFileSync(example(`${name}/lb.config.js`), 'utf8');
  for (const [path, text] of Object.entries(files)) sandbox.writeApp(`${name}/${path}`, text);
  return join(sandbox.writeApp(`${name}/lb.config.js`, config), '..');
}

async function startsAs(name: string, app: string, directory: string, note: string): Promise<void> {
  const text = readFileSync(join(directory, 'lb.config.js'), 'utf8');
  const port = await freePort();
  writeFileSync(join(directory, 'lb.config.js'), text.replace('3000', String(port)).replace("'max'", '1'));
  const result = await sandbox.lbWith({ cwd: directory }, 'start');
  expect(result.code, String(result)).toBe(0);
  expect(result.stderr).toContain(note);
  expect(readFileSync(example(`${name}/README.md`), 'utf8')).toContain(note);
  expect(await sandbox.workerPids(app)).toContain((await getJson(port)).pid);
}

const SERVER = readFileSync(join(ROOT, 'test/fixtures/apps/plain-http.cjs'), 'utf8');

it('next', async () => {
  const files = {
    'package.json': '{ "type": "module" }',
    'node_modules/next/package.json': '{}',
    'node_modules/next/dist/bin/next': `#!/usr/bin/env node\n${SERVER}`,
  };
  const directory = projectOf('next', files);
  chmodSync(join(directory, 'node_modules/next/dist/bin/next'), 0o755);
  mkdirSync(join(directory, 'node_modules/.bin'));
  symlinkSync('../next/dist/bin/next', join(directory, 'node_modules/.bin/next'));
  await startsAs('next', 'shop', directory, 'next start -> node node_modules/next/dist/bin/next start');
});

it('nest', async () => {
  const manifest = JSON.stringify({ type: 'module', scripts: { start: 'nest start', 'start:prod': 'node dist/main' } });
  const directory = projectOf('nest', { 'package.json': manifest, 'dist/package.json': '{}', 'dist/main.js': SERVER });
  await startsAs('nest', 'api', directory, 'npm run start:prod -> node dist/main.js');
});
