import { afterEach, describe, expect, it, vi } from 'vitest';
import type { WorkerSnapshot } from '../../../src/protocol/snapshot.ts';
import { PrimaryHarness } from '../primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

const MB = 1024 ** 2;

/** Sends a self-report from the first worker, and returns the worker's snapshot. */
async function say(app: PrimaryHarness, message: unknown): Promise<WorkerSnapshot | undefined> {
  app.workers[0]?.emit('message', message);
  await app.advance(10);
  return (await app.snapshot()).workers.find(({ pid }) => pid === app.workers[0]?.pid);
}

/** Opens `count` connections one after the other, and returns how many each worker took. */
async function takers(app: PrimaryHarness, count: number): Promise<number[]> {
  const taken = app.workers.map(() => 0);
  for (let i = 0; i < count; i++) {
    const connection = app.accept();
    await app.advance(5);
    const taker = app.workers.findIndex((worker) => app.takerOf(connection) === worker);
    taken[taker] = (taken[taker] ?? 0) + 1;
  }
  return taken;
}

describe('self-reports', () => {
  it('drain takes it out of the rotation, ready brings it back', async () => {
    const app = await PrimaryHarness.online();
    expect(await say(app, { lb: 'drain', reason: 'deploying' })).toMatchObject({ state: 'ready', weight: 0, withdrawn: 'deploying' });
    expect(await takers(app, 6)).toEqual([0, 6]);
    expect(await say(app, { lb: 'ready' })).toMatchObject({ weight: 1, withdrawn: null });
    expect(await takers(app, 6)).toEqual([3, 3]);
    expect(app.events).toEqual(expect.arrayContaining(['self-report: worker 0 reported drain: deploying', 'self-report: worker 0 reported ready']));
  });

  it('weight changes its share, null takes the configured one again', async () => {
    const app = await PrimaryHarness.online({ weights: [3, 1] });
    expect(await say(app, { lb: 'weight', value: 1 })).toMatchObject({ weight: 1 });
    expect(await takers(app, 8)).toEqual([4, 4]);
    expect(await say(app, { lb: 'weight', value: null })).toMatchObject({ weight: 3 });
    expect(await takers(app, 8)).toEqual([6, 2]);
    expect(app.events).toContain('self-report: worker 0 reported weight as configured');
  });

  it('down ejects it, ready readmits it', async () => {
    const app = await PrimaryHarness.online();
    expect(await say(app, { lb: 'down', reason: 'no database' })).toMatchObject({ state: 'ejected' });
    expect(await takers(app, 4)).toEqual([0, 4]);
    expect((await app.snapshot()).health[0]?.causes.join()).toContain('no database');
    expect(await say(app, { lb: 'ready' })).toMatchObject({ state: 'ready' });
    expect(await takers(app, 4)).toEqual([2, 2]);
  });

  it('ready ends the start of an app with wait_ready', async () => {
    const app = new PrimaryHarness();
    const start = app.start({ instances: 1, waitReady: true });
    await app.advance(1_000);
    expect(start.answer).toBeNull();
    await say(app, { lb: 'ready' });
    expect(start.answer).not.toBeNull();
  });

  it('anything else is the app’s own', async () => {
    const app = await PrimaryHarness.online();
    for (const message of [{ lb: 'up' }, { lb: 'weight', value: 'much' }, null, 'hello']) {
      expect(await say(app, message)).toMatchObject({ state: 'ready', weight: 1 });
    }
    expect(app.events.filter((event) => event.startsWith('self-report'))).toEqual([]);
  });
});

describe('limits', () => {
  it('max_requests: workers that reach it are replaced start-first, one after the other', async () => {
    const app = await PrimaryHarness.online({ maxRequests: 100, recycleJitter: 0, maxDraining: 1 });
    const old = app.alive;
    old.forEach((worker) => worker.beat({ requests: 100 }));
    let mostAlive = 0;
    for (let i = 0; i < 100; i++) {
      await app.advance(10);
      mostAlive = Math.max(mostAlive, app.alive.length);
      expect((await app.snapshot()).ready).toBe(2);
    }
    expect(mostAlive).toBe(3);
    expect(old.filter((worker) => worker.alive)).toEqual([]);
    expect((await app.snapshot()).lastExits.map(({ stopReason }) => stopReason)).toEqual(['requests', 'requests']);
  });

  it('max_lifetime: likewise, by its age', async () => {
    const app = await PrimaryHarness.online({ maxLifetimeMs: 60_000 });
    await app.advance(58_000);
    expect(app.workers).toHaveLength(2);
    await app.advance(20_000);
    expect((await app.snapshot()).lastExits.map(({ stopReason }) => stopReason)).toEqual(['lifetime', 'lifetime']);
  });

  it('max_memory_kill: the worker is killed and replaced, and the reason is recorded', async () => {
    const app = await PrimaryHarness.online({ maxMemoryKillBytes: 200 * MB });
    const [leaky, other] = app.workers;
    app.memoryBytes.set(leaky?.pid ?? 0, 300 * MB).set(other?.pid ?? 0, 100 * MB);
    await app.advance(2_000);
    expect([leaky?.alive, other?.alive, app.alive.length]).toEqual([false, true, 2]);
    expect((await app.snapshot()).lastExits).toMatchObject([{ stopReason: 'memory-kill', cause: 'killed: it used 300 MB, max_memory_kill is 200 MB' }]);
  });

  it('follow the definition', async () => {
    const app = await PrimaryHarness.online();
    app.alive.forEach((worker) => worker.beat({ requests: 100 }));
    expect(app.workers).toHaveLength(2);
    const { spec } = await app.snapshot();
    app.order({ kind: 'reload', spec: { ...spec, env: {}, maxRequests: 50, maxLifetimeMs: null }, monitorMs: 0 });
    await app.advance(2_000);
    expect(app.workers).toHaveLength(4);
    app.alive.forEach((worker) => worker.beat({ requests: 60 }));
    await app.advance(2_000);
    expect(app.workers).toHaveLength(6);
  });
});

it('reports blocked workers to the daemon', async () => {
  const app = await PrimaryHarness.online();
  app.alive.forEach((worker) => worker.beat({ requests: 100, eventLoopUtilization: 0.3 }));
  await app.advance(1_000);
  app.messages.length = 0;
  await app.advance(12_000);
  const reported = app.messages.flatMap((message) => (message.type === 'stats' ? [message.stats.workers] : []));
  expect(reported.at(-1)).toMatchObject([{ eventLoopUtilization: 1 }, { eventLoopUtilization: 1 }]);
  expect(reported.length).toBeLessThanOrEqual(3);
});
