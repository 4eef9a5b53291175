import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterWorkerEnd,
  BACKOFF_CAP_MS,
  crashLoops,
  NO_RESTARTS,
  restartDelay,
  STABLE_MS,
  type RestartPolicy,
  type RestartState,
  type WorkerEnd,
} from '../../src/lifecycle/restart-policy.ts';
import { sampleSpec } from './sample-spec.ts';

const policy = (changes: Partial<RestartPolicy> = {}): RestartPolicy => sampleSpec(changes);
/** Draws the middle of the jitter's range. */
const MIDDLE = 0.5;

const crashAtBoot: WorkerEnd = { uptimeMs: 50, wasReady: false, provedReady: false, code: 1 };
const crashAfter = (uptimeMs: number): WorkerEnd => ({ uptimeMs, wasReady: true, provedReady: true, code: 1 });

function endRepeatedly(times: number, end: WorkerEnd, using: RestartPolicy, from: RestartState = NO_RESTARTS): RestartState {
  let state = from;
  for (let i = 0; i < times; i++) state = afterWorkerEnd(state, end, using, 0, MIDDLE);
  return state;
}

describe('crashLoops', () => {
  const crash: WorkerEnd = { ...crashAtBoot, uptimeMs: 3_000, wasReady: true };
  it.each([
    [1, { provedReady: false, uptimeMs: 0 }, false],
    [2, { provedReady: false, uptimeMs: 5_999 }, true],
    [2, { provedReady: false, uptimeMs: 6_000 }, false],
    [2, { provedReady: true, uptimeMs: policy().minUptimeMs - 1 }, true],
    [2, { provedReady: true, uptimeMs: policy().minUptimeMs }, false],
  ])('after %i unstable exits, of a worker with %o: %s', (exits, life, expected) => {
    expect(crashLoops(endRepeatedly(exits, crash, policy()), life, policy())).toBe(expected);
  });
});

describe('restartDelay', () => {
  it('is nothing at first, then doubles from the base to the cap', () => {
    const delays = Array.from({ length: 12 }, (_, n) => restartDelay(n, policy(), MIDDLE));
    expect(delays).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  });

  it('keeps within 20 % of the curve and never passes the cap by more', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 60_000 }), random, (consecutive, backoffBaseMs, drawn) => {
        const exact = Math.min(backoffBaseMs * 2 ** (consecutive - 1), BACKOFF_CAP_MS);
        const delay = restartDelay(consecutive, policy({ backoffBaseMs }), drawn);
        expect(delay).toBeGreaterThanOrEqual(Math.floor(exact * 0.8));
        expect(delay).toBeLessThanOrEqual(Math.ceil(exact * 1.2));
      }),
    );
  });

  it('uses the whole width of the jitter', () => {
    expect(restartDelay(5, policy(), 0)).toBe(1_280);
    expect(restartDelay(5, policy(), 0.999_999)).toBe(1_920);
  });

  it('is the fixed one when there is one, the first time too', () => {
    for (const n of [0, 1, 20]) expect(restartDelay(n, policy({ restartDelayMs: 700 }), 0.9)).toBe(700);
  });
});

describe('afterWorkerEnd', () => {
  it('restarts at once after the first end', () => {
    expect(afterWorkerEnd(NO_RESTARTS, crashAfter(5_000), policy(), 1_234, MIDDLE)).toEqual({
      phase: 'waiting',
      restarts: 0,
      consecutive: 1,
      unstable: 0,
      lastUptimeMs: 5_000,
      dueAt: 1_234,
    });
  });

  it('waits longer each time', () => {
    const state = endRepeatedly(3, crashAfter(5_000), policy());
    expect(afterWorkerEnd(state, crashAfter(5_000), policy(), 1_000, MIDDLE)).toMatchObject({ phase: 'waiting', consecutive: 4, dueAt: 1_400 });
  });

  it('forgets the backoff after a worker that was stable', () => {
    const troubled = endRepeatedly(9, crashAtBoot, policy());
    expect(troubled).toMatchObject({ consecutive: 9, unstable: 9 });
    const almost = afterWorkerEnd(troubled, crashAfter(STABLE_MS - 1), policy(), 0, MIDDLE);
    expect(almost).toMatchObject({ consecutive: 10, unstable: 0 });
    const stable = afterWorkerEnd(troubled, crashAfter(STABLE_MS), policy(), 0, MIDDLE);
    expect(stable).toMatchObject({ consecutive: 1, unstable: 0, dueAt: 0 });
  });

  it.each<[string, WorkerEnd, number]>([
    ['one that was ready and lived long enough', crashAfter(1_000), 0],
    ['one that ended sooner than min_uptime', crashAfter(999), 5],
    ['one that was never ready', { ...crashAtBoot, uptimeMs: 20_000 }, 5],
  ])('counts as unstable in a row: %s', (_, end, unstable) => {
    expect(endRepeatedly(1, end, policy(), { ...NO_RESTARTS, unstable: 4 }).unstable).toBe(unstable);
  });

  it.each([0, 1, 3, 16])('gives up at the end after %i unstable restarts in a row', (maxRestarts) => {
    const last = endRepeatedly(maxRestarts, crashAtBoot, policy({ maxRestarts }));
    if (maxRestarts > 0) expect(last).toMatchObject({ phase: 'waiting', unstable: maxRestarts });
    expect(endRepeatedly(1, crashAtBoot, policy({ maxRestarts }), last)).toMatchObject({ phase: 'errored', unstable: maxRestarts + 1 });
  });

  it('does not give up on a worker that serves for a while between its crashes', () => {
    expect(endRepeatedly(500, crashAfter(2_000), policy({ maxRestarts: 1 }))).toMatchObject({ phase: 'waiting', consecutive: 500 });
  });

  it('with a min_uptime above 30 s takes no worker as stable that is unstable by that', () => {
    expect(endRepeatedly(4, crashAfter(40_000), policy({ minUptimeMs: 60_000, maxRestarts: 3 })).phase).toBe('errored');
  });

  it('has no delay with a base of 0, after any number of restarts', () => {
    expect(endRepeatedly(2_000, crashAfter(2_000), policy({ backoffBaseMs: 0 })).dueAt).toBe(0);
  });

  it('does not restart without autorestart, or after an exit code that means "done"', () => {
    expect(endRepeatedly(1, crashAfter(5_000), policy({ autorestart: false }))).toMatchObject({ phase: 'stopped' });
    const done = { ...crashAfter(5_000), code: 0 };
    expect(endRepeatedly(1, done, policy({ stopExitCodes: [0, 143] }))).toMatchObject({ phase: 'stopped' });
    expect(endRepeatedly(1, done, policy({ stopExitCodes: [143] }))).toMatchObject({ phase: 'waiting' });
    expect(endRepeatedly(1, { ...done, code: null }, policy({ stopExitCodes: [0] }))).toMatchObject({ phase: 'waiting' });
  });

  it('never plans a start in the past, and leaves counting to the start itself', () => {
    const end = fc.record({ uptimeMs: fc.nat(60_000), wasReady: fc.boolean(), provedReady: fc.boolean(), code: fc.constantFrom(null, 0, 1) });
    fc.assert(
      fc.property(fc.array(end, { maxLength: 60 }), fc.nat(1_000_000), (ends, at) => {
        let state = NO_RESTARTS;
        for (const one of ends) {
          const next = afterWorkerEnd(state, one, policy(), at, MIDDLE);
          expect(next.restarts).toBe(state.restarts);
          if (next.phase === 'waiting') expect(next.dueAt).toBeGreaterThanOrEqual(at);
          expect(next.unstable).toBeLessThanOrEqual(policy().maxRestarts + 1);
          if (next.phase === 'errored') return;
          state = next;
        }
      }),
    );
  });
});
