import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readiness, type CheckPassed, type Readiness, type ReadinessFacts } from '../../src/lifecycle/readiness.ts';

const booting: ReadinessFacts = {
  waitReady: false,
  readyBy: null,
  saidReady: false,
  port: null,
  listening: false,
  appListens: false,
  missing: [],
  needsAll: true,
  uptimeMs: 100,
  minUptimeMs: 1_000,
  listenTimeoutMs: 30_000,
  eventLoopUtilization: null,
  healthy: { passed: true },
};
const ready: Readiness = { verdict: 'ready', missing: [] };
const failed = (why: string, missing: readonly string[] = []): Readiness => ({ verdict: 'failed', reason: `not ready: ${why} within 30 s`, missing });
const notListening = failed('not listening');
const notSaid = failed("no process.send('ready')");
const admin = ['*:9100'];
const wait = (forMs: number, missing: readonly string[] = []): Readiness => ({ verdict: 'wait', forMs, missing });

describe('readiness', () => {
  it.each<[string, Partial<ReadinessFacts>, Readiness]>([
    ['listens', { listening: true }, ready],
    ['listens, although it said nothing', { listening: true, appListens: true }, ready],
    ["said 'ready' without being asked to, and does not listen yet", { saidReady: true, appListens: true }, wait(29_900)],

    ["wait_ready: said 'ready'", { waitReady: true, saidReady: true }, ready],
    ['wait_ready: only listens', { waitReady: true, listening: true }, wait(29_900)],
    ['wait_ready: came to rest', { waitReady: true, eventLoopUtilization: 0, uptimeMs: 5_000 }, wait(25_000)],
    ['wait_ready: out of time', { waitReady: true, listening: true, uptimeMs: 30_000 }, notSaid],

    ['a command: ready was said in its place', { readyBy: 'port 80 is closed', saidReady: true }, ready],
    ['a command: its PORT names a port, where it does not listen for lb', { readyBy: 'x', saidReady: true, appListens: true }, ready],
    ['a command: came to rest', { readyBy: 'x', eventLoopUtilization: 0, uptimeMs: 5_000 }, wait(25_000)],
    ['a command: out of time', { readyBy: 'port 80 is closed', uptimeMs: 30_000 }, failed('port 80 is closed')],

    ['listens, its check has not passed', { listening: true, healthy: { passed: false, reason: 'status 503' } }, wait(29_900)],
    [
      'its check never passed',
      { listening: true, uptimeMs: 30_000, healthy: { passed: false, reason: 'status 503' } },
      failed('health check failed: status 503'),
    ],
    ['has a check and never listens', { uptimeMs: 30_000, healthy: { passed: false, reason: null } }, notListening],
    ['wait_ready: its check passed, it said nothing', { waitReady: true, listening: true, uptimeMs: 30_000 }, notSaid],

    ['its app listens, it does not yet', { appListens: true, eventLoopUtilization: 0, uptimeMs: 5_000 }, wait(25_000)],
    ['its app listens, it does not in time', { appListens: true, uptimeMs: 30_000 }, notListening],

    ['has a port and does not listen there', { port: 3_000, appListens: true, uptimeMs: 30_000 }, failed('not listening on port 3000')],

    ['listens, but not everywhere yet', { listening: true, appListens: true, missing: admin }, wait(29_900, admin)],
    [
      'listens, but not everywhere in time',
      { listening: true, missing: admin, uptimeMs: 30_000 },
      failed('not listening on *:9100, as the worker before it does', admin),
    ],
    ['listens, need not everywhere', { listening: true, missing: admin, needsAll: false }, wait(29_900, admin)],
    ['listens, need not everywhere, in the end', { listening: true, missing: admin, needsAll: false, uptimeMs: 30_000 }, { verdict: 'ready', missing: admin }],
    ['wait_ready: said so, but does not listen everywhere yet', { waitReady: true, saidReady: true, missing: admin }, wait(29_900, admin)],
    ['does not listen at all, need not everywhere', { appListens: true, missing: admin, needsAll: false, uptimeMs: 30_000 }, notListening],

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
      readyBy: fc.constantFrom(null, 'it is closed'),
      saidReady: fc.boolean(),
      port: fc.constant(null),
      listening: fc.boolean(),
      appListens: fc.boolean(),
      missing: fc.constantFrom([], admin),
      needsAll: fc.boolean(),
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
        if (verdict.verdict === 'failed')
          expect(isOver && (given.waitReady || given.readyBy !== null || given.appListens || !given.healthy.passed || given.missing.length > 0)).toBe(true);
        if (verdict.verdict === 'ready' && given.needsAll && given.appListens) expect(given.missing).toEqual([]);
        if (!given.healthy.passed) expect(verdict.verdict).not.toBe('ready');
        if (verdict.verdict !== 'wait') return;
        expect(isOver).toBe(false);
        expect(verdict.forMs).toBeGreaterThan(0);
        expect(given.uptimeMs + verdict.forMs).toBeLessThanOrEqual(given.listenTimeoutMs);
      }),
    );
  });
});
