import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { connectInTurn, holdConnection, slotFor, type HeldConnection } from '../helpers/clients/connections.ts';
import { cpuTimeMs } from '../helpers/cpu-time.ts';
import { getJson } from '../helpers/http.ts';
import { kernelQueue } from '../helpers/kernel-queue.ts';
import { startLoad } from '../helpers/load.ts';
import { privateBytes } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { describeTally, expectLossless, expectOnlyResets, type AppIdentity } from '../helpers/tally.ts';

const sandbox = await createSandbox();

/** `LB_STORM=10000 npx vitest run test/process/queue.test.ts` is the storm that is promised. */
const STORM = Number(process.env['LB_STORM'] ?? 4_000);

/** Connections that wait in the primary of two workers, with those that are accepted while its listener pauses for the first time. */
const HANDFUL = 16 + 6;

interface Counted extends AppIdentity {
  /** Connections its worker ever had open at a time. */
  readonly most: number;
}

/** Opens so many connections, each after the answer on the one before; with the slots that have them. */
async function hold(port: number, count: number): Promise<{ readonly held: HeldConnection[]; readonly slots: number[] }> {
  const held: HeldConnection[] = [];
  const slots: number[] = [];
  for (let n = 0; n < count; n++) {
    const connection = holdConnection(port);
    held.push(connection);
    slots.push(Number((await connection.ask()).slot));
  }
  return { held, slots };
}

/** A connection that has to wait; its failure is thrown where it is awaited. */
function waitForSlot(port: number): Promise<number> {
  const slot = slotFor(port);
  slot.catch(() => {});
  return slot;
}

const waitForQueued = (name: string, count: number): Promise<unknown> =>
  sandbox.waitForApp(name, `have ${count} connections in its queue`, (now) => now.queued === count);

for (const strategy of ['round-robin', 'least-connections', 'ip-hash', 'random']) {
  it(`max_conns, ${strategy}: no worker has more, the others wait and are all served`, async () => {
    const { port } = await sandbox.start('balance-open.cjs', { flags: ['--max-conns', '3', '--balance', strategy] });
    const answers = await Promise.all(Array.from({ length: 60 }, () => getJson<Counted>(port, '/?ms=20')));
    const most = new Map(answers.map(({ slot }) => [slot, Math.max(...answers.filter((answer) => answer.slot === slot).map((answer) => answer.most))]));
    // One address is one worker under ip-hash until that one is full.
    expect([...most].sort()).toEqual([
      ['0', 3],
      ['1', 3],
    ]);
  });
}

it('lb balance while connections wait: they are served by the new strategy', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { flags: ['--max-conns', '1'] });
  const { held } = await hold(port, 2);
  const waiting = Array.from({ length: 10 }, () => waitForSlot(port));
  await waitForQueued(name, 10);
  for (const strategy of ['ip-hash', 'random', 'least-connections', 'round-robin']) {
    await sandbox.ok('balance', name, strategy);
    await waitForQueued(name, 10);
  }
  for (const connection of held) connection.close();
  expect(await Promise.all(waiting)).toHaveLength(10);
});

it('a backup slot gets connections only when the others are full', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 3, flags: ['--backup', '1', '--max-conns', '2'] });
  const { held, slots } = await hold(port, 6);
  expect(slots.slice(0, 4).sort()).toEqual([0, 0, 2, 2]);
  expect(slots.slice(4)).toEqual([1, 1]);
  const waiting = waitForSlot(port);
  await waitForQueued(name, 1);
  held[slots.indexOf(2)]?.close();
  expect(await waiting).toBe(2);
});

it('a backup slot gets connections when the others are gone', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 2, flags: ['--backup', '1', '--no-autorestart'] });
  expect(await connectInTurn(sandbox, { name, port }, 4)).toEqual([4]);
  const load = startLoad({ port, mode: 'connection-per-request', clients: 2 });
  await load.waitForServed(20);
  const [first = 0] = await sandbox.workerPids(name);
  process.kill(first, 'SIGKILL');
  await sandbox.waitForApp(name, 'have lost slot 0', (now) => !now.workers.some(({ slot }) => slot === 0));
  await load.waitForServed(20);
  expect(await connectInTurn(sandbox, { name, port }, 4)).toEqual([0, 4]);
  expectOnlyResets(await load.stop(), 2);
});

it('slow_start: a replaced worker gets fewer at first, those of the first start do not', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { flags: ['--slow-start', '5m'] });
  expect(await connectInTurn(sandbox, { name, port }, 40)).toEqual([20, 20]);
  const [, victim = 0] = await sandbox.workerPids(name);
  process.kill(victim, 'SIGKILL');
  await sandbox.waitForApp(name, 'have replaced it', (now) => now.ready === 2 && now.restarts === 1);
  const [old = 0, fresh = 0] = await connectInTurn(sandbox, { name, port }, 110);
  console.log(`after a replacement, slow_start 5 m: ${old} connections to the old worker, ${fresh} to the new one`);
  // A tenth of the other's at first: 10 of 110.
  expect(fresh).toBeGreaterThanOrEqual(8);
  expect(fresh).toBeLessThan(25);
});

it('S22: a full queue stops the listener: what comes then waits in the kernel, and all are served', async () => {
  const flags = ['--max-conns', '1', '--max-queue', '20', '--balance', 'ip-hash'];
  const { name, port } = await sandbox.start('balance-open.cjs', { flags });
  const { held } = await hold(port, 2);
  const waiting: Promise<number>[] = [];
  // Until the listener has stopped, which takes a duplicate of its socket, some more are accepted.
  for (let n = 0; n < 20; n++) waiting.push(waitForSlot(port));
  await waitForQueued(name, 20);
  for (let more = 0; more < 20 && kernelQueue(port) === 0; more++) {
    waiting.push(waitForSlot(port));
    await waitForQueued(name, waiting.length);
  }
  const inPrimary = waiting.length - kernelQueue(port);
  expect(kernelQueue(port), 'the listener has stopped').toBe(1);
  for (let n = 0; n < 100; n++) waiting.push(waitForSlot(port));
  await waitForQueued(name, waiting.length);
  expect(waiting.length - kernelQueue(port)).toBe(inPrimary);
  for (const connection of held) connection.close();
  expect(await Promise.all(waiting)).toHaveLength(waiting.length);
  await waitForQueued(name, 0);
});

it('S22: of those that any worker may serve, only a handful waits in the primary; if it is killed, all others are served', async () => {
  const { name, port } = await sandbox.start('balance-open.cjs', { flags: ['--max-conns', '1'] });
  await hold(port, 2);
  const waiting = Array.from({ length: 300 }, () => waitForSlot(port));
  await waitForQueued(name, 300);
  const inPrimary = 300 - kernelQueue(port);
  expect(inPrimary).toBeLessThanOrEqual(HANDFUL);
  process.kill(await sandbox.primaryPid(name), 'SIGKILL');
  const outcomes = await Promise.allSettled(waiting);
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
  console.log(`300 connections waited, ${inPrimary} of them in the primary that was killed: ${failures.length} reset`);
  expect(failures.filter((failure) => !failure.includes('ECONNRESET') && !failure.includes('socket hang up'))).toEqual([]);
  expect(failures.length).toBeLessThanOrEqual(inPrimary);
});

it('S22: a storm of connections on two workers: all are served', async () => {
  const { port, name } = await sandbox.start('balance-open.cjs', { flags: ['--max-conns', '200'] });
  // The clients' ends are all in this process.
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  const clients = Math.min(STORM, limit - 1_000);
  const primary = await sandbox.primaryPid(name);
  const before = privateBytes(primary);
  const peak = { queued: 0, bytes: before };
  const load = startLoad({ port, mode: 'connection-per-request', path: '/?ms=30', clients, maxRequests: clients, hungMs: 40_000 });
  const look = async (): Promise<void> => {
    peak.queued = Math.max(peak.queued, (await sandbox.snapshot(name)).queued);
    peak.bytes = Math.max(peak.bytes, privateBytes(primary));
  };
  await sandbox.waitFor('every request to end', async () => (await look(), load.tally().served === clients), {
    deadlineMs: 45_000,
    context: () => describeTally(load.tally()),
  });
  const tally = await load.ended;
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  console.log(`${clients} connections at once: queue up to ${peak.queued}, primary from ${mb(before)} to ${mb(peak.bytes)}; ${describeTally(tally)}`);
  expectLossless(tally, 'S22');
  expect(peak.bytes - before).toBeLessThan(50e6);
});

it('S24: with every worker at its own maxConnections the primary does not spin, and who waits is served when there is room', async () => {
  const { name, port } = await sandbox.start('balance-full.cjs');
  const { held } = await hold(port, 4);
  const waiting = Array.from({ length: 30 }, () => waitForSlot(port));
  await waitForQueued(name, 30);
  const primary = await sandbox.primaryPid(name);
  const before = cpuTimeMs(primary);
  // Not a wait: CPU time is measured over it.
  await delay(2_000);
  const used = cpuTimeMs(primary) - before;
  console.log(`30 connections wait for two full workers: the primary used ${used} ms of CPU in 2 s`);
  expect(used).toBeLessThan(400);
  // Now and then two of them are on their way to a worker and back.
  await waitForQueued(name, 30);
  held[0]?.close();
  expect(await Promise.all(waiting)).toHaveLength(30);
});
