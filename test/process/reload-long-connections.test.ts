import { expect, it } from 'vitest';
import { startHttp2Load } from '../helpers/clients/http2.ts';
import { openEventStream, slowUpload, slowloris } from '../helpers/clients/slow.ts';
import { connectEcho, type EchoClient } from '../helpers/clients/websocket.ts';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';
import { within } from '../helpers/wait.ts';

const sandbox = await createSandbox();

it('S4: a slow chunked response spans the reload', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start('slow-response.cjs');
  const pids = await sandbox.workerPids(name);
  const slow = Array.from({ length: 4 }, () => getJson(port, '/?ms=3000'));
  const load = startLoad({ port, mode: 'keep-alive', clients: 2 });
  await sandbox.waitForApp(name, 'have four slow requests in flight', (now) => now.workers.reduce((sum, worker) => sum + worker.requestsInFlight, 0) >= 4);
  const reload = sandbox.ok('reload', name, '--monitor', '100');
  const blocked = await sandbox.waitForApp(name, 'tell what blocks the drain', (now) => now.workers.some((worker) => (worker.blockers?.requests ?? 0) > 0));
  expect(blocked.operation?.kind).toBe('reload');
  for (const answer of await Promise.all(slow)) expect(pids).toContain(answer.pid);
  await reload;
  await load.waitForServed(10);
  expectLossless(await load.stop(), 'S4');
});

it('S5: a slow upload spans the reload', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const pids = await sandbox.workerPids(name);
  const uploads = Array.from({ length: 4 }, () => slowUpload(port, 30, 50));
  await sandbox.waitForApp(name, 'have four uploads in flight', (now) => now.workers.reduce((sum, worker) => sum + worker.requestsInFlight, 0) === 4);
  const reload = sandbox.ok('reload', name, '--monitor', '100');
  for (const answer of await Promise.all(uploads)) {
    expect(answer.received).toBe(30 * 1024);
    expect(pids).toContain(answer.pid);
  }
  await reload;
});

it('S5: a slowloris holds no drain past its deadline', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { flags: ['--kill-timeout', '1500'] });
  const drips = Array.from({ length: 4 }, () => slowloris(port));
  await sandbox.waitForApp(name, 'have four open connections', (now) => now.connections >= 4);
  const load = startLoad({ port, mode: 'think', clients: 4 });
  const { durationMs } = await sandbox.ok('reload', name, '--monitor', '100');
  await load.waitForServed(10);
  expectLossless(await load.stop(), 'S5');
  // Two workers one after the other, each at most its deadline.
  expect(durationMs).toBeLessThan(2 * 1500 + 3000);
  await within('the slow connections to be closed', 2000, Promise.all(drips.map((drip) => drip.closed)));
});

it('S6: HTTP/2, streams opened during the drain', { tags: ['every-node'] }, async () => {
  const script = sandbox.deploy('h2.cjs', 'http2.cjs', 'v0');
  const { name, port } = await sandbox.start(script);
  const quick = startHttp2Load({ port, sessions: 2 });
  const slow = startHttp2Load({ port, sessions: 2, path: '/?ms=100' });
  for (const version of ['v1', 'v2', 'v3']) {
    sandbox.deploy('h2.cjs', 'http2.cjs', version);
    await sandbox.ok('reload', name, '--monitor', '100');
  }
  await sandbox.waitFor('the last version to serve HTTP/2', () => quick.tally().versions['v3'] && slow.tally().versions['v3']);
  expectLossless(await quick.stop(), 'S6 quick');
  expectLossless(await slow.stop(), 'S6 slow');
});

it('S7: WebSocket: close code 1001, and the reconnect lands on a new worker', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start('websocket.cjs');
  const old = await sandbox.workerPids(name);
  const clients = await Promise.all([1, 2, 3, 4].map(() => connectEcho(port)));
  expect(old).toEqual(expect.arrayContaining(clients.map((client) => client.pid)));
  const codes: number[] = [];
  const { durationMs } = await followedThrough(clients, codes, port, () => sandbox.ok('reload', name, '--monitor', '100'));
  expect(durationMs).toBeLessThan(10_000);
  // Each was closed once or twice: the first reconnect may land on an old worker that has not been replaced yet.
  expect(codes.length).toBeGreaterThanOrEqual(clients.length);
  expect(new Set(codes)).toEqual(new Set([1001]));
  const fresh = await sandbox.workerPids(name);
  for (const client of clients) {
    expect(fresh).toContain(client.pid);
    expect(await client.echo('still there')).toBe('still there');
    client.close();
  }
});

/** Clients that connect again whenever they are closed, for as long as the work takes; `clients` is kept up to date. */
async function followedThrough<T>(clients: EchoClient[], codes: number[], port: number, work: () => Promise<T>): Promise<T> {
  let done = false;
  const following = clients.map(async (_, index) => {
    for (;;) {
      const current = clients[index];
      if (current === undefined) return;
      const { code } = await current.closed;
      if (done) return;
      codes.push(code);
      clients[index] = await connectEcho(port);
    }
  });
  const result = await work();
  // Every close frame has been sent by now; the last reconnects may still be under way.
  await sandbox.waitFor('every client to be connected', () => clients.every((client) => client.isOpen()));
  done = true;
  for (const follower of following) follower.catch(() => {});
  return result;
}

it('S8: an event stream ends with its worker, without an error, and delays nothing', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start('sse.cjs', { instances: 1 });
  const stream = await openEventStream(port);
  const load = startLoad({ port, mode: 'think', clients: 4 });
  const { durationMs } = await sandbox.ok('reload', name, '--monitor', '100');
  expect(durationMs).toBeLessThan(7_500);
  expect(await stream.ended).toMatchObject({ error: null });
  expect(stream.count()).toBeGreaterThan(1);
  expect((await openEventStream(port)).pid()).not.toBe(stream.pid());
  expectLossless(await load.stop(), 'S8');
  const { lastExits } = await sandbox.snapshot(name);
  expect(lastExits.at(-1)).toMatchObject({ pid: stream.pid(), code: 0, killedAtDeadline: false, stopReason: 'reload' });
});

it('an event stream in a cluster worker of the app ends with it, without an error, and delays nothing', async () => {
  const { name, port } = await sandbox.start('sse.cjs', { instances: null, env: { MEMBERS: '2' } });
  const stream = await openEventStream(port);
  const { durationMs } = await sandbox.ok('stop', name);
  expect(durationMs).toBeLessThan(7_500);
  expect(await stream.ended).toMatchObject({ error: null });
  const { lastExits } = await sandbox.snapshot(name);
  expect(lastExits.at(-1)).toMatchObject({ code: 0, killedAtDeadline: false, stopReason: 'stop' });
});

it('a response that never ends is cut only at the deadline, and reported', async () => {
  const killTimeoutMs = 1500;
  const env = { CONTENT_TYPE: 'text/plain' };
  const { name, port } = await sandbox.start('sse.cjs', { instances: 1, env, flags: ['--kill-timeout', String(killTimeoutMs)] });
  const stream = await openEventStream(port);
  const reload = sandbox.lbBackground('reload', name, '--monitor', '100', '--json');
  const draining = await sandbox.waitForApp(name, 'drain', (now) => now.workers.some((worker) => worker.state === 'draining' && worker.blockers !== null));
  const drainingSince = performance.now();
  const blockers = draining.workers.find((worker) => worker.state === 'draining')?.blockers;
  expect(blockers).toMatchObject({ requests: 1 });
  const seen = stream.count();
  await stream.ended;
  expect(performance.now() - drainingSince).toBeGreaterThan(killTimeoutMs * 0.6);
  expect(stream.count()).toBeGreaterThan(seen + 10);
  const result = await reload.ended;
  expect(result.code, String(result)).toBe(0);
  expect(result.progress.map((record) => record.message).join('\n')).toMatch(/kill_timeout|1 request/);
  const { lastExits } = await sandbox.snapshot(name);
  expect(lastExits.at(-1)).toMatchObject({ pid: stream.pid(), killedAtDeadline: true, stopReason: 'reload' });
});

it('an idle keep-alive connection is not cut: its next request is answered and told to close', { tags: ['every-node'] }, async () => {
  const script = sandbox.deploy('server.cjs', 'plain-http.cjs', 'v0');
  const { name, port } = await sandbox.start(script);
  // Longer thoughts than a worker takes to boot, shorter than the server's keepAliveTimeout of 5 s.
  const load = startLoad({ port, mode: 'think', thinkMs: 1500, clients: 16 });
  await load.waitForServed(16);
  sandbox.deploy('server.cjs', 'plain-http.cjs', 'v1');
  await sandbox.ok('reload', name, '--monitor', '100');
  await load.waitForServed(4);
  expectLossless(await load.stop(), 'idle keep-alive');
});
