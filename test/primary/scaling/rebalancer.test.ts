import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../../src/lifecycle/app-spec.ts';
import type { FakeWorker } from '../fake-workers.ts';
import { PrimaryHarness } from '../primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** The kept connections of each slot, second by second. Each worker sends one heartbeat a second. */
async function run(app: PrimaryHarness, kept: readonly number[], seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    for (const worker of app.alive) worker.beat({ kept: kept[worker.slot] ?? 0, connections: kept[worker.slot] ?? 0, eventLoopUtilization: 0.5 });
    await app.advance(1_000);
  }
}

const rebalances = (app: PrimaryHarness): number[][] => app.workers.map((worker) => worker.rebalances);
const reported = (app: PrimaryHarness): string[] => app.events.filter((event) => event.startsWith('rebalance'));

/** One worker with eight connections; a second one has just joined. */
async function grown(changes: Partial<AppSpec> = {}): Promise<PrimaryHarness> {
  const app = await PrimaryHarness.online({ instances: 1, ejection: null, ...changes });
  await run(app, [8], 5);
  app.order({ kind: 'scale', to: 2 });
  await app.advance(200);
  return app;
}

describe('after a worker joined', () => {
  it('workers with too many kept connections close some, round by round, until all have their share', async () => {
    const app = await grown();
    await run(app, [8, 0], 3);
    expect(rebalances(app)).toEqual([[4], []]);
    expect(reported(app)).toEqual(['rebalance: rebalancing keep-alive connections, some close after their next response: slot 0 has 8, slot 1 has 0']);
    await run(app, [6, 2], 2);
    expect(rebalances(app)).toEqual([[4, 2], []]);
    await run(app, [4, 4], 2);
    expect(rebalances(app), 'what is left is taken back').toEqual([[4, 2, 0], []]);
    await run(app, [8, 0], 10);
    expect(rebalances(app), 'it is over').toEqual([[4, 2, 0], []]);
    expect(reported(app)).toHaveLength(1);
  });

  it('does so too if it replaces a crashed one', async () => {
    const app = await PrimaryHarness.online({ instances: 2, ejection: null });
    await run(app, [4, 4], 3);
    app.workers[1]?.end(1, null);
    await run(app, [8, 0], 6);
    expect(app.workers[2]?.slot).toBe(1);
    expect(app.workers[0]?.rebalances[0]).toBe(4);
  });

  it.each([
    [4, 16],
    [32, 32],
  ])('stops eventually, whatever the clients do: of %i connections it closes at most %i', async (connections, closed) => {
    const app = await grown();
    await run(app, [connections, 0], 60);
    const [all = []] = rebalances(app);
    expect(all.reduce((sum, n) => sum + n, 0)).toBe(closed);
    expect(all.at(-1)).toBe(0);
  });

  it.each<[string, Partial<AppSpec>, readonly number[]]>([
    ['few', {}, [3, 0]],
    ['with ip-hash, which sends them back', { balance: 'ip-hash' }, [8, 0]],
    ['a slot with weight 0 joins', { weights: [1, 0] }, [8, 0]],
    ['a backup joins', { backup: [1] }, [8, 0]],
  ])('closes nothing: %s', async (_, changes, kept) => {
    const app = await grown(changes);
    await run(app, kept, 20);
    expect(rebalances(app)).toEqual([[], []]);
  });

  it('its share grows with slow start', async () => {
    const app = await grown({ slowStartMs: 30_000 });
    await run(app, [8, 0], 5);
    expect(rebalances(app)).toEqual([[], []]);
    await run(app, [8, 0], 25);
    expect(app.workers[0]?.rebalances[0]).toBeGreaterThan(0);
  });

  it('waits for a heartbeat of each worker after a round', async () => {
    const app = await grown();
    await run(app, [8, 0], 3);
    const [busy, fresh] = app.workers as [FakeWorker, FakeWorker];
    for (let second = 0; second < 5; second++) {
      fresh.beat({ kept: 2, connections: 2, eventLoopUtilization: 0.5 });
      await app.advance(1_000);
    }
    expect(busy.rebalances).toEqual([4]);
  });

  it('waits for idle connections, and closes nothing while none are active', async () => {
    const app = await grown();
    for (let second = 0; second < 20; second++) {
      app.workers[0]?.beat({ kept: 0, connections: 8, eventLoopUtilization: 0.5 });
      app.workers[1]?.beat({ eventLoopUtilization: 0.5 });
      await app.advance(1_000);
    }
    expect(rebalances(app)).toEqual([[], []]);
    await run(app, [8, 0], 3);
    expect(rebalances(app)).toEqual([[4], []]);
  });
});
