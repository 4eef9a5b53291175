import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import type { FakeWorker } from './fake-workers.ts';
import { PrimaryHarness, type Ordered } from './primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

const newVersion = (changes: Partial<AppSpec> = {}): AppSpec => sampleSpec({ args: ['v2'], ...changes });
const draining = (app: PrimaryHarness): FakeWorker[] => app.alive.filter((worker) => worker.leaving);
const messageOf = ({ answer }: Ordered): string | null => (answer?.kind === 'done' ? answer.message : null);

/** An app whose old workers take their time to drain. */
const slowToLeave = (changes: Partial<AppSpec> = {}, drainMs = 10_000): Promise<PrimaryHarness> =>
  PrimaryHarness.online({ instances: 4, ...changes }, () => ({ drainMs }));

/** Advances until the order has its answer; the most workers that drained at a time, and the most alive. */
async function watched(app: PrimaryHarness, ordered: Ordered): Promise<{ readonly tookMs: number; readonly draining: number; readonly alive: number }> {
  let [tookMs, mostDraining, mostAlive] = [0, 0, 0];
  for (; ordered.answer === null && ordered.error === null; tookMs += 20) {
    await app.advance(20);
    mostDraining = Math.max(mostDraining, draining(app).length);
    mostAlive = Math.max(mostAlive, app.alive.length);
    if (tookMs > 300_000) expect.unreachable('it does not end');
  }
  return { tookMs, draining: mostDraining, alive: mostAlive };
}

describe('old workers that take long to leave', () => {
  it('do not hold up the next slots, but the operation ends when they are gone', async () => {
    const app = await slowToLeave();
    const seen = await watched(app, app.order({ kind: 'reload', monitorMs: 1_000 }));
    // Four starts one after the other, and one drain.
    expect(seen.tookMs).toBeGreaterThan(4 * 1_100 + 10_000 - 100);
    expect(seen.tookMs).toBeLessThan(4 * 1_100 + 10_000 + 200);
    expect(seen).toMatchObject({ draining: 4, alive: 8 });
    expect(app.alive).toHaveLength(4);
  });

  it.each([1, 2])('drain at most max_draining at a time: %i', async (maxDraining) => {
    const app = await slowToLeave({ maxDraining });
    expect(await watched(app, app.order({ kind: 'reload', monitorMs: 0 }))).toMatchObject({ draining: maxDraining, alive: 4 + maxDraining });
  });

  it('count over all operations: a scale down waits for those of a recycle', async () => {
    const app = await slowToLeave({ maxDraining: 1, maxMemoryBytes: 100 });
    app.memoryBytes.set(app.workers[0]?.pid ?? 0, 200);
    await app.advance(2_000);
    expect(draining(app).map(({ slot }) => slot)).toEqual([0]);
    const scale = app.order({ kind: 'scale', to: 2 });
    const seen = await watched(app, scale);
    expect([seen.draining, messageOf(scale)]).toEqual([1, 'api has 2 workers (had 4)']);
  });

  it('leave all at once with --all-at-once, a stop and a restart', async () => {
    const app = await slowToLeave({ maxDraining: 1 });
    expect(await watched(app, app.order({ kind: 'reload', monitorMs: 0, allAtOnce: true }))).toMatchObject({ draining: 4 });
    expect(await watched(app, app.order({ kind: 'restart' }))).toMatchObject({ draining: 4 });
    expect(await watched(app, app.order({ kind: 'stop' }))).toMatchObject({ draining: 4 });
  });

  it('hold up the next slot if there is no memory for one more worker like its predecessor', async () => {
    const app = await slowToLeave({ instances: 2 });
    for (const worker of app.workers) worker.beat({ use: { cpuMs: 0, rssBytes: 1_000, heapUsedBytes: 0, heapLimitBytes: 0, gcCount: 0, gcMs: 0, handles: 0 } });
    app.memoryLeftBytes = 999;
    const reload = app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(5_000);
    expect(app.workers).toHaveLength(3);
    app.memoryLeftBytes = 1_000;
    await app.advance(1_500);
    expect(app.workers).toHaveLength(4);
    await app.advance(15_000);
    expect(messageOf(reload)).toContain('reloaded');
  });

  it('make a rollback wait for room', async () => {
    const app = await slowToLeave({ instances: 3, maxDraining: 2 }, 5_000);
    app.behave = ({ slot, spec }) => (spec.args[0] === 'v2' && slot === 2 ? { bootMs: null, crashAfterMs: 50 } : { drainMs: 5_000 });
    const reload = app.order({ kind: 'reload', spec: newVersion({ instances: 3, maxDraining: 2 }), monitorMs: 0 });
    expect(await watched(app, reload)).toMatchObject({ draining: 2, alive: 5 });
    expect(reload.error?.code).toBe('LB_ERR_RELOAD_FAILED');
    expect(app.alive.map(({ spec }) => spec.args)).toEqual([['--verbose'], ['--verbose'], ['--verbose']]);
  });
});

describe('while a reload waits for its drains', () => {
  /** All new workers have passed; four old ones drain. */
  async function waiting(changes: Partial<AppSpec> = {}): Promise<{ readonly app: PrimaryHarness; readonly reload: Ordered }> {
    const app = await slowToLeave(changes);
    const reload = app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(1_000);
    expect([draining(app).length, reload.answer]).toEqual([4, null]);
    return { app, reload };
  }

  it('the app is shown as reloading', async () => {
    const { app } = await waiting();
    expect(await app.snapshot()).toMatchObject({ state: 'reloading', operation: { kind: 'reload' }, ready: 4 });
  });

  it('a second reload waits', async () => {
    const { app, reload } = await waiting();
    const second = app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(5_000);
    expect(app.workers).toHaveLength(8);
    await app.advance(6_000);
    expect([messageOf(reload), second.answer]).toEqual(['api reloaded, generation 2, 4 workers', null]);
    await app.advance(12_000);
    expect(messageOf(second)).toBe('api reloaded, generation 3, 4 workers');
  });

  it('a scale up begins, and ends first', async () => {
    const { app, reload } = await waiting();
    const scale = app.order({ kind: 'scale', to: 6 });
    await app.advance(500);
    expect([messageOf(scale), reload.answer]).toEqual(['api has 6 workers (had 4)', null]);
    expect(Object.keys(app.pids)).toHaveLength(6);
    await app.advance(10_000);
    expect(messageOf(reload)).toContain('reloaded');
    expect(app.alive).toHaveLength(6);
    expect([reload.disorder, scale.disorder]).toEqual([false, false]);
  });

  it('a scale down waits', async () => {
    const { app } = await waiting();
    const scale = app.order({ kind: 'scale', to: 1 });
    await app.advance(5_000);
    expect(Object.keys(app.pids)).toHaveLength(4);
    await app.advance(20_000);
    expect([messageOf(scale), app.alive.length]).toEqual(['api has 1 worker (had 4)', 1]);
  });

  it('a recycle begins', async () => {
    const { app } = await waiting({ maxRequests: 100, recycleJitter: 0, maxDraining: 5 });
    const [worn] = app.alive.filter((worker) => !worker.leaving);
    worn?.beat({ requests: 100 });
    await app.advance(500);
    expect(draining(app)).toHaveLength(5);
    expect(worn?.leaving).toBe(true);
  });

  it('a recycle waits for room', async () => {
    const { app } = await waiting({ maxRequests: 100, recycleJitter: 0 });
    const [worn] = app.alive.filter((worker) => !worker.leaving);
    worn?.beat({ requests: 100 });
    await app.advance(5_000);
    expect(worn?.leaving).toBe(false);
    await app.advance(6_000);
    expect(worn?.leaving).toBe(true);
  });

  it('a new worker that crashes is restarted, and the reload succeeds', async () => {
    const { app, reload } = await waiting();
    app.alive.find((worker) => !worker.leaving && worker.slot === 1)?.end(1, null);
    await app.advance(200);
    expect(Object.keys(app.pids)).toHaveLength(4);
    await app.advance(12_000);
    expect([messageOf(reload), (await app.snapshot()).restarts]).toEqual(['api reloaded, generation 2, 4 workers', 1]);
  });

  it('an old worker that crashes has left', async () => {
    const { app, reload } = await waiting();
    for (const worker of draining(app)) worker.end(null, 'SIGKILL');
    await app.advance(100);
    expect(messageOf(reload)).toContain('reloaded');
    expect(app.alive).toHaveLength(4);
  });

  it('an abort changes nothing', async () => {
    const { app, reload } = await waiting();
    app.order({ kind: 'abort' });
    await app.advance(12_000);
    expect(messageOf(reload)).toContain('reloaded');
  });

  it('a stop takes over the drains', async () => {
    const { app, reload } = await waiting();
    const stop = app.order({ kind: 'stop' });
    await app.advance(100);
    expect(reload.error?.code).toBe('LB_ERR_ABORTED');
    expect(draining(app)).toHaveLength(8);
    await app.advance(15_000);
    expect([messageOf(stop), app.alive.length, app.finished]).toEqual(['api is stopped', 0, 1]);
  });

  it('a stop during a scale up beside it ends everything', async () => {
    const { app, reload } = await waiting();
    const scale = app.order({ kind: 'scale', to: 6 });
    await app.advance(50);
    const stop = app.order({ kind: 'stop', now: true });
    await app.advance(100);
    expect([reload, scale].map(({ error }) => error?.code)).toEqual(['LB_ERR_ABORTED', 'LB_ERR_ABORTED']);
    expect([messageOf(stop), app.alive.length, app.finished]).toEqual(['api is stopped', 0, 1]);
  });
});

it('a scale up begins while a scale down waits for its drains, and fills the slots again', async () => {
  const app = await slowToLeave();
  const down = app.order({ kind: 'scale', to: 2 });
  await app.advance(500);
  const up = app.order({ kind: 'scale', to: 3 });
  await app.advance(500);
  expect([messageOf(up), down.answer]).toEqual(['api has 3 workers (had 2)', null]);
  expect(Object.keys(app.pids)).toEqual(['0', '1', '2']);
  await app.advance(10_000);
  expect([messageOf(down), app.alive.length]).toEqual(['api has 2 workers (had 4)', 3]);
});
