import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../../src/lifecycle/app-spec.ts';
import type { FakeWorker } from '../fake-workers.ts';
import { PrimaryHarness } from '../primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** What each slot has, in seconds of which each worker tells once. */
async function run(app: PrimaryHarness, kept: readonly number[], seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    for (const worker of app.alive) worker.beat({ kept: kept[worker.slot] ?? 0, connections: kept[worker.slot] ?? 0, eventLoopUtilization: 0.5 });
    await app.advance(1_000);
  }
}

const sheds = (app: PrimaryHarness): number[][] => app.workers.map((worker) => worker.sheds);
const told = (app: PrimaryHarness): string[] => app.events.filter((event) => event.startsWith('rebalance'));

/** One worker with eight connections; a second one has just joined. */
async function grown(changes: Partial<AppSpec> = {}): Promise<PrimaryHarness> {
  const app = await PrimaryHarness.online({ instances: 1, ejection: null, ...changes });
  await run(app, [8], 5);
  app.order({ kind: 'scale', to: 2 });
  await app.advance(200);
  return app;
}

describe('after a worker joined', () => {
  it('those with too many kept connections end some, round by round, until all have their share', async () => {
    const app = await grown();
    await run(app, [8, 0], 3);
    expect(sheds(app)).toEqual([[4], []]);
    expect(told(app)).toEqual(['rebalance: kept connections are spread anew, some end with their next answer: slot 0 has 8, slot 1 has 0']);
    await run(app, [6, 2], 2);
    expect(sheds(app)).toEqual([[4, 2], []]);
    await run(app, [4, 4], 2);
    expect(sheds(app), 'what is left is taken back').toEqual([[4, 2, 0], []]);
    await run(app, [8, 0], 10);
    expect(sheds(app), 'it is over').toEqual([[4, 2, 0], []]);
    expect(told(app)).toHaveLength(1);
  });

  it('also when it takes the place of one that crashed', async () => {
    const app = await PrimaryHarness.online({ instances: 2, ejection: null });
    await run(app, [4, 4], 3);
    app.workers[1]?.end(1, null);
    await run(app, [8, 0], 6);
    expect(app.workers[2]?.slot).toBe(1);
    expect(app.workers[0]?.sheds[0]).toBe(4);
  });

  it('not without end, whatever becomes of the clients', async () => {
    const app = await grown();
    await run(app, [8, 0], 60);
    const [all = []] = sheds(app);
    expect(all.reduce((sum, n) => sum + n, 0)).toBe(8);
    expect(all.at(-1)).toBe(0);
  });

  it.each<[string, Partial<AppSpec>, readonly number[]]>([
    ['few', {}, [3, 0]],
    ['with ip-hash, which sends them back', { balance: 'ip-hash' }, [8, 0]],
    ['a slot with weight 0 joins', { weights: [1, 0] }, [8, 0]],
    ['a backup joins', { backup: [1] }, [8, 0]],
  ])('nothing ends: %s', async (_, changes, kept) => {
    const app = await grown(changes);
    await run(app, kept, 20);
    expect(sheds(app)).toEqual([[], []]);
  });

  it('its share grows with slow start', async () => {
    const app = await grown({ slowStartMs: 30_000 });
    await run(app, [8, 0], 5);
    expect(sheds(app)).toEqual([[], []]);
    await run(app, [8, 0], 25);
    expect(app.workers[0]?.sheds[0]).toBeGreaterThan(0);
  });

  it('waits for what each worker tells after the last round', async () => {
    const app = await grown();
    await run(app, [8, 0], 3);
    const [busy, fresh] = app.workers as [FakeWorker, FakeWorker];
    for (let second = 0; second < 5; second++) {
      fresh.beat({ kept: 2, connections: 2, eventLoopUtilization: 0.5 });
      await app.advance(1_000);
    }
    expect(busy.sheds).toEqual([4]);
  });

  it('waits for connections that are idle now, and ends nothing while there are none', async () => {
    const app = await grown();
    for (let second = 0; second < 20; second++) {
      app.workers[0]?.beat({ kept: 0, connections: 8, eventLoopUtilization: 0.5 });
      app.workers[1]?.beat({ eventLoopUtilization: 0.5 });
      await app.advance(1_000);
    }
    expect(sheds(app)).toEqual([[], []]);
    await run(app, [8, 0], 3);
    expect(sheds(app)).toEqual([[4], []]);
  });
});
