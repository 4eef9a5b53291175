/** @module-tag light */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished, type TestContext } from 'vitest';
import { debianPackage, needsPackage } from '../helpers/debian-package.ts';
import { request } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { processesOf } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const NGINX = debianPackage('nginx', 'nginx-light');

interface Probe {
  readonly status: number;
  readonly body: object;
}

async function ask(port: number, path: string): Promise<Probe> {
  const { status, body } = await request(path, { port });
  return { status, body: JSON.parse(body) as object };
}

const waitForStatus = (port: number, expected: number): Promise<true> =>
  sandbox.waitFor(`/ready to answer ${expected}`, async () => (await request('/ready', { port })).status === expected);

it('/ready follows the number of ready workers, /live is not impressed', async () => {
  const health = await freePort();
  const flags = ['--health-port', `127.0.0.1:${health}`, '--ready-min', '2'];
  const { name } = await sandbox.start('slow-boot.cjs', { flags });
  const facts = { app: name, instances: 2, ready_min: 2, unserved: [], generations: [{ generation: 1, slots: [0, 1], files: 'same' }] };
  expect(await ask(health, '/ready?from=test')).toEqual({ status: 200, body: { status: 'ready', ready: 2, ...facts } });
  expect(await ask(health, '/live')).toEqual({ status: 200, body: { status: 'live', app: name } });
  expect((await ask(health, '/')).status).toBe(404);

  const [pid = 0] = await sandbox.workerPids(name);
  process.kill(pid, 'SIGKILL');
  await waitForStatus(health, 503);
  expect(await ask(health, '/ready')).toEqual({ status: 503, body: { status: 'not ready', ready: 1, ...facts } });
  expect((await ask(health, '/live')).status).toBe(200);
  await waitForStatus(health, 200);
});

it('during drain_delay the app is not ready and serves every request; a second stop skips the rest', async () => {
  const health = await freePort();
  const { name, port } = await sandbox.start('plain-http.cjs', { flags: ['--health-port', `127.0.0.1:${health}`, '--drain-delay', '10m'] });
  const loads = [startLoad({ port, mode: 'keep-alive', clients: 2 }), startLoad({ port, mode: 'connection-per-request', clients: 2 })];
  const stop = sandbox.lbBackground('stop', name);
  await waitForStatus(health, 503);
  expect((await ask(health, '/ready')).body).toMatchObject({ status: 'stopping', ready: 2 });
  expect((await ask(health, '/live')).status).toBe(200);
  for (const load of loads) {
    await load.waitForServed(30);
    expectLossless(await load.stop());
  }
  await sandbox.ok('stop', name);
  expect((await stop.ended).code).toBe(0);
  await expect(request('/live', { port: health })).rejects.toThrow('ECONNREFUSED');
});

it('connections are refused from when the app drains, for a balancer to go elsewhere; what is open is served', async () => {
  const { name, port } = await sandbox.start('slow-response.cjs');
  const slow = request('/?ms=2500', { port });
  await sandbox.waitForApp(name, 'have a request', ({ workers }) => workers.some(({ requestsInFlight }) => requestsInFlight === 1));
  const stop = sandbox.lbBackground('stop', name);
  await sandbox.waitFor('connections to be refused', () =>
    request('/', { port }).then(
      () => false,
      ({ code }: NodeJS.ErrnoException) => code === 'ECONNREFUSED',
    ),
  );
  expect((await sandbox.snapshot(name)).workers).toContainEqual(expect.objectContaining({ state: 'draining', requestsInFlight: 1 }));
  expect((await slow).status).toBe(200);
  expect((await stop.ended).code).toBe(0);
});

it('a health_port that is taken fails the start and leaves nothing', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const health = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const { name, port, result } = await sandbox.tryStart('plain-http.cjs', { flags: ['--health-port', `127.0.0.1:${health}`] });
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(new RegExp(`127\\.0\\.0\\.1:${health}.*in use by pid ${process.pid} \\(`));
  await sandbox.waitFor('its primary to be gone', () => processesOf(sandbox.directory).every(({ command }) => !command.includes('primary')));
  expect(await sandbox.snapshot(name)).toMatchObject({ state: 'errored', primaryPid: null, workers: [] });
  await expect(request('/', { port })).rejects.toThrow('ECONNREFUSED');

  taken.close();
  await once(taken, 'close');
  await sandbox.ok('start', name);
  await waitForStatus(health, 200);
});

it('a reload takes it to another port; one that fails takes it back', async () => {
  const [port, first, second] = [await freePort(), await freePort(), await freePort()];
  const define = (health: number, script: string): string => {
    const app = { name: 'api', script, instances: 1, health_port: `127.0.0.1:${health}`, env: { PORT: port } };
    return sandbox.writeApp('ecosystem.config.cjs', `module.exports = ${JSON.stringify({ apps: [app] })};\n`);
  };
  await sandbox.ok('start', define(first, fixture('plain-http.cjs')));
  expect((await sandbox.lb('reload', define(second, fixture('crash-at-boot.cjs')))).code).toBe(1);
  await waitForStatus(first, 200);
  await sandbox.ok('reload', define(second, fixture('plain-http.cjs')), '--monitor', '0');
  await waitForStatus(second, 200);
  await expect(request('/ready', { port: first })).rejects.toThrow('ECONNREFUSED');
});

it('it answers again after the death of the primary', async () => {
  const health = await freePort();
  const { name } = await sandbox.start('plain-http.cjs', { flags: ['--health-port', `127.0.0.1:${health}`] });
  const primary = await sandbox.primaryPid(name);
  process.kill(primary, 'SIGKILL');
  await sandbox.waitFor('another primary', async () => (await sandbox.primaryPid(name)) !== primary);
  await waitForStatus(health, 200);
});

/** A real nginx in front of the apps until the test ends. It checks nobody; who refuses is left out for a second. Returns its port. */
async function startNginx(context: TestContext, apps: readonly number[], health: number): Promise<number> {
  const path = needsPackage(context, NGINX);
  const front = await freePort();
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${sandbox.directory}/${kind};`);
  const file = sandbox.writeApp(
    'nginx.conf',
    `
    daemon off; pid ${sandbox.directory}/nginx.pid;
    events {}
    http {
      access_log off; ${scratch.join(' ')}
      upstream apps { ${apps.map((port) => `server 127.0.0.1:${port} fail_timeout=1s;`).join(' ')} keepalive 4; }
      server {
        listen 127.0.0.1:${front};
        location / { proxy_pass http://apps; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_next_upstream error timeout; }
        location = /ready { proxy_pass http://127.0.0.1:${health}; }
      }
    }`,
  );
  const nginx = spawn(path, ['-c', file, '-p', sandbox.directory, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(nginx, 'exit');
  let output = '';
  nginx.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  onTestFinished(async () => {
    nginx.kill('SIGTERM');
    await exited;
  });
  await sandbox.waitFor('nginx to answer', async () => (await request('/ready', { port: front })).status === 200, { context: () => output });
  return front;
}

it('behind nginx an app is drained, stopped and started again, and no request is lost', async (context) => {
  const health = await freePort();
  const blue = await sandbox.start('plain-http.cjs', { flags: ['--health-port', `127.0.0.1:${health}`, '--drain-delay', '500ms'], env: { VERSION: 'blue' } });
  const green = await sandbox.start('plain-http.cjs', { env: { VERSION: 'green' } });
  const front = await startNginx(context, [blue.port, green.port], health);
  const loads = [startLoad({ port: front, mode: 'keep-alive', clients: 2 }), startLoad({ port: front, mode: 'connection-per-request', clients: 2 })];
  const served = (): Promise<unknown> => Promise.all(loads.map((load) => load.waitForServed(30)));
  await served();

  const stop = sandbox.lbBackground('stop', blue.name);
  await waitForStatus(front, 503);
  const atTurn = loads[0]?.tally().versions['blue'] ?? 0;
  await served();
  expect(loads[0]?.tally().versions['blue'], 'served after it was not ready').toBeGreaterThan(atTurn);
  expect((await stop.ended).code).toBe(0);
  await served();

  await sandbox.ok('start', blue.name);
  const stopped = loads[0]?.tally().versions['blue'] ?? 0;
  await waitForStatus(front, 200);
  await sandbox.waitFor('nginx to use it again', () => (loads[0]?.tally().versions['blue'] ?? 0) > stopped);
  for (const load of loads) expectLossless(await load.stop());
});
