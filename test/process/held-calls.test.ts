/** @module-tag light */
/** @module-tag every-kind */
/** @module-tag every-node */
import { expect, it } from 'vitest';
import { connectGrpc, startGrpcLoad } from '../helpers/clients/grpc.ts';
import { openEventStream } from '../helpers/clients/slow.ts';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const UNAVAILABLE = 14;

it('long polls that are held for longer than a reload takes are answered; event streams do not wait for them', async () => {
  const heldMs = 21_000;
  const { name, port } = await sandbox.start('sse.cjs');
  const old = await sandbox.workerPids(name);
  const load = startLoad({ port, mode: 'think', thinkMs: 500, clients: 4 });
  const stream = await openEventStream(port);
  const polls = Array.from({ length: 4 }, () => getJson(port, `/poll?ms=${heldMs}`, { timeoutMs: 2 * heldMs }));
  await sandbox.waitForApp(name, 'hold the polls', (now) => now.workers.reduce((sum, { requestsInFlight }) => sum + requestsInFlight, 0) >= 5);
  const reload = sandbox.ok('reload', name, '--monitor', '100');
  expect(await stream.ended).toMatchObject({ error: null });
  expect((await stream.ended).afterMs).toBeLessThan(heldMs - 5_000);
  for (const answer of await Promise.all(polls)) expect(old).toContain(answer.pid);
  // Nothing is left to wait for.
  expect((await reload).durationMs).toBeLessThan(heldMs + 4_000);
  expectLossless(await load.stop(), 'beside long polls');
  const { lastExits } = await sandbox.snapshot(name);
  expect(lastExits).toMatchObject(old.map(() => ({ code: 0, signal: null, killedAtDeadline: false, stopReason: 'reload' })));
});

it('gRPC: no call is lost; a stream goes on beside its successor for some seconds and ends as unavailable', async () => {
  const { name, port } = await sandbox.start('grpc.cjs');
  const load = startGrpcLoad(port, [0, 0, 100, 300]);
  const channel = connectGrpc(port);
  const stream = await channel.watch();
  const reload = sandbox.ok('reload', name, '--monitor', '100');
  await sandbox.waitForApp(name, 'drain the worker of the stream', (now) => now.workers.some(({ state, pid }) => state === 'draining' && pid === stream.pid()));
  // GOAWAY: the next call of the same channel goes to a worker that stays, or to one that is replaced later.
  await sandbox.waitFor('a call on a new connection', async () => (await channel.who(0)).pid !== stream.pid());
  const seen = stream.count();
  await sandbox.waitFor('the stream to go on', () => stream.count() > seen);
  expect(await stream.ended).toMatchObject({ code: UNAVAILABLE });
  expect((await reload).durationMs).toBeLessThan(15_000);
  const fresh = await sandbox.workerPids(name);
  expect(fresh).toContain((await channel.watch()).pid());
  const tally = await load.stop();
  expectLossless(tally, 'gRPC');
  expect(Object.keys(tally.pids)).toEqual(expect.arrayContaining([String(stream.pid())]));
});
