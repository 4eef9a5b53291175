import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readiness, type CheckPassed, type Readiness, type ReadinessFacts } from '../../src/lifecycle/readiness.ts';

const booting: ReadinessFacts = {
  waitReady: false,
  saidReady: false,
  listening: false,
  appListens: false,
  uptimeMs: 100,
  minUptimeMs: 1_000,
  listenTimeoutMs: 30_000,
  eventLoopUtilization: null,
  healthy: { passed: true },
};
const ready: Readiness = { verdict: 'ready' };
const notListening: Readiness = { verdict: 'failed', reason: 'not ready: not listening within 30 s' };
const notSaid: Readiness = { verdict: 'failed', reason: "not ready: no process.send('ready') within 30 s" };
const wait = (forMs: number): Readiness => ({ verdict: 'wait', forMs });

describe('readiness', () => {
  it.each<[string, Partial<ReadinessFacts>, Readiness]>([
    ['listens', { listening: true }, ready],
    ['listens, although it said nothing', { listening: true, appListens: true }, ready],
    ["said 'ready' without being asked to, and does not listen yet", { saidReady: true, appListens: true }, wait(29_900)],

    ["wait_ready: said 'ready'", { waitReady: true, saidReady: true }, ready],
    ['wait_ready: only listens', { waitReady: true, listening: true }, wait(29_900)],
    ['wait_ready: came to rest', { waitReady: true, eventLoopUtilization: 0, uptimeMs: 5_000 }, wait(25_000)],
    ['wait_ready: out of time', { waitReady: true, listening: true, uptimeMs: 30_000 }, notSaid],

    ['listens, its check has not passed', { listening: true, healthy: { passed: false, reason: 'status 503' } }, wait(29_900)],
    [
      'its check never passed',
      { listening: true, uptimeMs: 30_000, healthy: { passed: false, reason: 'status 503' } },
      { verdict: 'failed', reason: 'not ready: health check failed: status 503 within 30 s' },
    ],
    ['has a check and never listens', { uptimeMs: 30_000, healthy: { passed: false, reason: null } }, notListening],
    ['wait_ready: its check passed, it said nothing', { waitReady: true, listening: true, uptimeMs: 30_000 }, notSaid],

    ['its app listens, it does not yet', { appListens: true, eventLoopUtilization: 0, uptimeMs: 5_000 }, wait(25_000)],
    ['its app listens, it does not in time', { appListens: true, uptimeMs: 30_000 }, notListening],

    ['may never listen: no heartbeat yet', { uptimeMs: 2_000 }, wait(250)],
    ['may never listen: boots', { uptimeMs: 2_000, eventLoopUtilization: 0.8 }, wait(250)],
    ['may never listen: at rest, but too young', { uptimeMs: 999, eventLoopUtilization: 0.1 }, wait(250)],
    ['may never listen: at rest after min_uptime', { uptimeMs: 1_000, eventLoopUtilization: 0.79 }, ready],
    ['may never listen: busy for ever', { uptimeMs: 30_000, eventLoopUtilization: 1 }, ready],
    ['may never listen: little time is left', { uptimeMs: 29_990 }, wait(10)],
  ])('%s', (_, facts, verdict) => {
    expect(readiness({ ...booting, ...facts })).toEqual(verdict);
  });

  it('decides when the time is over, never fails before, and looks again in time', () => {
    const facts = fc.record<ReadinessFacts>({
      waitReady: fc.boolean(),
      saidReady: fc.boolean(),
      listening: fc.boolean(),
      appListens: fc.boolean(),
      uptimeMs: fc.nat(60_000),
      minUptimeMs: fc.nat(5_000),
      listenTimeoutMs: fc.integer({ min: 1, max: 60_000 }),
      eventLoopUtilization: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      healthy: fc.constantFrom<CheckPassed>({ passed: true }, { passed: false, reason: null }),
    });
    fc.assert(
      fc.property(facts, (given) => {
        const verdict = readiness(given);
        const isOver = given.uptimeMs >= given.listenTimeoutMs;
        if (verdict.verdict === 'failed') expect(isOver && (given.waitReady || given.appListens || !given.healthy.passed)).toBe(true);
        if (!given.healthy.passed) expect(verdict.verdict).not.toBe('ready');
        if (verdict.verdict !== 'wait') return;
        expect(isOver).toBe(false);
        expect(verdict.forMs).toBeGreaterThan(0);
        expect(given.uptimeMs + verdict.forMs).toBeLessThanOrEqual(given.listenTimeoutMs);
      }),
    );
  });
});
