import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { PrimaryHarness, type FakeConnection } from './primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

const newVersion = (changes: Partial<AppSpec> = {}): AppSpec => sampleSpec({ args: ['v2'], instances: 3, ...changes });
const isNew = (spec: AppSpec): boolean => spec.args[0] === 'v2';
/** Versions of the serving workers, by slot. */
const versions = (app: PrimaryHarness): string[] =>
  app.alive
    .filter((worker) => !worker.leaving)
    .sort((a, b) => a.slot - b.slot)
    .map((worker) => `${worker.slot} ${isNew(worker.spec) ? 'new' : 'old'}`);

/** Makes the new version crash in this slot soon after its start. */
async function crashingIn(slot: number, options: { afterMs?: number; instances?: number } = {}): Promise<PrimaryHarness> {
  const app = await PrimaryHarness.online({ instances: options.instances ?? 3 });
  app.behave = (fork) => (isNew(fork.spec) && fork.slot === slot ? { crashAfterMs: options.afterMs ?? 50, code: 7, bootMs: 100 } : {});
  return app;
}

describe('reload', () => {
  it('replaces one worker after the other, new ones first', async () => {
    const app = await PrimaryHarness.online({ instances: 3, maxDraining: 1 });
    const before = app.pids;
    const reload = app.order({ kind: 'reload', monitorMs: 200 });
    await app.advance(250);
    expect(app.alive).toHaveLength(4);
    expect(app.alive.filter((worker) => worker.leaving)).toEqual([]);
    await app.advance(2_000);
    expect(reload.answer).toMatchObject({ message: 'api reloaded, generation 2, 3 workers', snapshot: { generation: 2, state: 'online' } });
    const steps = reload.progress.filter(({ message }) => !message.includes('still has')).map(({ step, slot, generation }) => `${step} ${slot} g${generation}`);
    const oneSlot = (slot: number): string[] => [`starting ${slot} g2`, `ready ${slot} g2`, `draining ${slot} g1`, `stopping ${slot} g1`, `exited ${slot} g1`];
    expect(steps).toEqual([0, 1, 2].flatMap(oneSlot));
    expect(Object.keys(app.pids)).toEqual(['0', '1', '2']);
    for (const slot of [0, 1, 2]) expect(app.pids[slot]).not.toBe(before[slot]);
  });

  it('with a new definition applies it, including more or fewer workers', async () => {
    const app = await PrimaryHarness.online({ instances: 3 });
    const up = app.order({ kind: 'reload', spec: newVersion({ instances: 5 }), monitorMs: 0 });
    await app.advance(3_000);
    expect(up.answer).toMatchObject({ kind: 'done', spec: { instances: 5, args: ['v2'] } });
    expect(versions(app)).toEqual(['0 new', '1 new', '2 new', '3 new', '4 new']);
    const down = app.order({ kind: 'reload', spec: newVersion({ instances: 2 }), monitorMs: 0 });
    await app.advance(3_000);
    expect(down.answer).toMatchObject({ message: 'api reloaded, generation 3, 2 workers' });
    expect(versions(app)).toEqual(['0 new', '1 new']);
  });

  it('fails with the canary; no old worker has left', async () => {
    const app = await crashingIn(0);
    const before = app.pids;
    const reload = app.order({ kind: 'reload', spec: newVersion() });
    await app.advance(2_000);
    expect(reload.error).toMatchObject({
      code: 'LB_ERR_RELOAD_FAILED',
      message: expect.stringMatching(/^reload of "api" failed: worker 0 \(pid \d+\): exit code 7 \(after 50 ms\)$/),
    });
    expect(app.pids).toEqual(before);
    expect(await app.snapshot()).toMatchObject({ state: 'online', spec: { args: ['--verbose'] } });
  });

  it('fails if the new worker crashes within the monitor window, but not later', async () => {
    const early = await crashingIn(0, { afterMs: 1_050 });
    const failed = early.order({ kind: 'reload', spec: newVersion(), monitorMs: 1_000 });
    await early.advance(1_500);
    expect(failed.error?.code).toBe('LB_ERR_RELOAD_FAILED');
    const late = await crashingIn(0, { afterMs: 600 });
    const passed = late.order({ kind: 'reload', spec: newVersion(), monitorMs: 100 });
    await late.advance(250);
    expect(late.workers.filter((worker) => worker.leaving && worker.slot === 0)).toHaveLength(1);
    expect(passed.error).toBeNull();
  });

  it('rollback: replaced workers go back to the old definition, start-first', async () => {
    const app = await crashingIn(2);
    const reload = app.order({ kind: 'reload', spec: newVersion(), monitorMs: 100, onFailure: 'rollback' });
    await app.advance(700);
    expect(reload.error).toBeNull();
    expect(reload.progress.filter(({ step }) => step === 'rollback').map(({ message }) => message)).toEqual([
      'api: rolling 2 replaced workers back to the previous definition',
    ]);
    await app.advance(3_000);
    expect(reload.error?.code).toBe('LB_ERR_RELOAD_FAILED');
    expect(versions(app)).toEqual(['0 old', '1 old', '2 old']);
    expect((await app.snapshot()).spec.args).toEqual(['--verbose']);
  });

  it('rollback with an unchanged definition keeps the replaced workers', async () => {
    const app = await PrimaryHarness.online({ instances: 3 });
    app.behave = ({ slot }) => (slot === 1 ? { bootMs: null, crashAfterMs: 50 } : {});
    const before = app.pids;
    const reload = app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(2_000);
    expect(reload.error?.code).toBe('LB_ERR_RELOAD_FAILED');
    expect(app.pids[0]).not.toBe(before[0]);
    expect([app.pids[1], app.pids[2]]).toEqual([before[1], before[2]]);
  });

  it('pause: keeps the current state', async () => {
    const app = await crashingIn(1);
    const reload = app.order({ kind: 'reload', spec: newVersion(), monitorMs: 0, onFailure: 'pause' });
    await app.advance(2_000);
    expect(reload.error?.code).toBe('LB_ERR_RELOAD_FAILED');
    expect(versions(app)).toEqual(['0 new', '1 old', '2 old']);
  });

  it('continue: skips only that slot, and still reports the failure', async () => {
    const app = await crashingIn(1);
    const reload = app.order({ kind: 'reload', spec: newVersion(), monitorMs: 0, onFailure: 'continue' });
    await app.advance(3_000);
    expect(reload.error?.code).toBe('LB_ERR_RELOAD_FAILED');
    expect(versions(app)).toEqual(['0 new', '1 old', '2 new']);
  });

  it('all at once: a failure in the last slot leaves the old version complete', async () => {
    const app = await crashingIn(2, { afterMs: 900 });
    const before = app.pids;
    const reload = app.order({ kind: 'reload', spec: newVersion(), monitorMs: 1_000, allAtOnce: true });
    await app.advance(500);
    expect(app.alive).toHaveLength(6);
    await app.advance(2_000);
    expect(reload.error?.code).toBe('LB_ERR_RELOAD_FAILED');
    expect(app.pids).toEqual(before);
    expect(app.alive).toHaveLength(3);
  });

  it('abort: the old workers stay, a replaced one goes back', async () => {
    const app = await PrimaryHarness.online({ instances: 3 });
    const reload = app.order({ kind: 'reload', spec: newVersion(), monitorMs: 500 });
    await app.advance(900);
    expect(versions(app)).toContain('0 new');
    const abort = app.order({ kind: 'abort' });
    await app.advance(3_000);
    expect(abort.answer).toMatchObject({ message: 'aborting' });
    expect(reload.error?.code).toBe('LB_ERR_ABORTED');
    expect(versions(app)).toEqual(['0 old', '1 old', '2 old']);
  });

  it('a second one waits, a third joins it: three orders are two reloads', async () => {
    const app = await PrimaryHarness.online();
    const first = app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(1);
    const reloads = [first, ...[2, 3].map(() => app.order({ kind: 'reload', monitorMs: 0 }))];
    await app.advance(3_000);
    expect(reloads.map(({ answer }) => (answer?.kind === 'done' ? answer.message : null))).toEqual([
      'api reloaded, generation 2, 2 workers',
      'api reloaded, generation 3, 2 workers',
      'api reloaded, generation 3, 2 workers',
    ]);
    expect(reloads[2]?.progress.at(-1)).toEqual(reloads[1]?.progress.at(-1));
    expect(reloads.some((reload) => reload.disorder)).toBe(false);
  });

  it('an old worker that crashes meanwhile is replaced immediately', async () => {
    const app = await PrimaryHarness.online({ instances: 3 });
    const reload = app.order({ kind: 'reload', monitorMs: 1_000 });
    await app.advance(500);
    app.workers[2]?.end(null, 'SIGSEGV');
    await app.advance(200);
    expect(Object.keys(app.pids)).toEqual(['0', '1', '2']);
    await app.advance(5_000);
    expect(reload.answer).not.toBeNull();
    expect(app.alive).toHaveLength(3);
  });
});

describe('connections during a reload', () => {
  const behaviour = fc.record({ bootMs: fc.integer({ min: 1, max: 900 }), drainMs: fc.nat(900), leaveMs: fc.nat(50) });
  const options = fc.record({
    parallel: fc.integer({ min: 1, max: 4 }),
    monitorMs: fc.constantFrom(0, 50, 400),
    allAtOnce: fc.boolean(),
    onFailure: fc.constantFrom('rollback', 'pause', 'continue'),
  });

  it('are served immediately by a worker that stays, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(behaviour, { minLength: 1, maxLength: 6 }),
        options,
        fc.subarray([0, 1, 2, 3]),
        async (instances, behaviours, how, failing) => {
          const app = await PrimaryHarness.online({ instances });
          const crashes = { bootMs: null, crashAfterMs: 30 };
          app.behave = ({ n, slot, spec }) => ({ ...behaviours[n % behaviours.length], ...(isNew(spec) && failing.includes(slot) ? crashes : {}) });
          const reload = app.order({ kind: 'reload', spec: newVersion({ instances }), ...how });
          const connections: FakeConnection[] = [];
          for (let round = 0; reload.answer === null && reload.error === null; round++) {
            const connection = app.accept();
            connections.push(connection);
            await app.advance(5);
            const taker = app.takerOf(connection);
            expect(taker, `connection ${round} waits`).toBeDefined();
            await app.advance(15);
            if (round > 5_000) expect.unreachable('the reload does not end');
          }
          expect(reload.disorder).toBe(false);
          expect(reload.error === null).toBe(failing.every((slot) => slot >= instances));
          for (const connection of connections) expect(app.workers.filter((worker) => worker.connections.includes(connection))).toHaveLength(1);
          await app.advance(2_000);
          expect(Object.keys(app.pids)).toEqual(Array.from({ length: instances }, (_, slot) => String(slot)));
          if (reload.error !== null && how.onFailure === 'rollback') expect(app.alive.every((worker) => !isNew(worker.spec))).toBe(true);
          if (reload.error === null) expect(app.alive.every((worker) => isNew(worker.spec))).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  }, 20_000);
});
