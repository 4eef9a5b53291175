import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drainDelay, graceWarning, roomyGrace, stopLimit, stopRung, stopTimeout, type StopFacts, type StopRung } from '../../src/lifecycle/stop-ladder.ts';

const RUNGS: readonly StopRung[] = ['drain', 'ask', 'kill'];
const at = (elapsedMs: number, changes: Partial<StopFacts> = {}) => stopRung({ elapsedMs, killTimeoutMs: 30_000, quiet: false, skips: 0, ...changes });

describe('stopRung', () => {
  it.each<[number, StopRung, number | null]>([
    [0, 'drain', 22_500],
    [22_499, 'drain', 1],
    [22_500, 'ask', 7_500],
    [29_999, 'ask', 1],
    [30_000, 'kill', null],
    [90_000, 'kill', null],
  ])('a worker that does not come to rest is after %i ms at "%s"', (elapsedMs, rung, nextInMs) => {
    expect(at(elapsedMs)).toEqual({ rung, nextInMs });
  });

  it('asks the app as soon as HTTP is quiet, and leaves it all the time that is left', () => {
    expect(at(0, { quiet: true })).toEqual({ rung: 'ask', nextInMs: 30_000 });
    expect(at(100, { quiet: true })).toEqual({ rung: 'ask', nextInMs: 29_900 });
    expect(at(30_000, { quiet: true })).toEqual({ rung: 'kill', nextInMs: null });
  });

  it('skips as many rungs as it is told', () => {
    expect(at(0, { skips: 1 })).toEqual({ rung: 'ask', nextInMs: 30_000 });
    expect(at(0, { skips: 2 })).toEqual({ rung: 'kill', nextInMs: null });
    expect(at(25_000, { skips: 1 }).rung).toBe('ask');
    expect(at(0, { skips: 9 }).rung).toBe('kill');
  });

  it('kills at once with a kill_timeout of 0', () => {
    expect(at(0, { killTimeoutMs: 0 })).toEqual({ rung: 'kill', nextInMs: null });
  });

  it('never goes back, whatever comes to rest and whoever asks meanwhile', () => {
    const moment = fc.record({ afterMs: fc.nat(20_000), quiet: fc.boolean(), skip: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60_000 }), fc.array(moment, { maxLength: 15 }), (killTimeoutMs, moments) => {
        let facts: StopFacts = { elapsedMs: 0, killTimeoutMs, quiet: false, skips: 0 };
        let reached = RUNGS.indexOf(stopRung(facts).rung);
        for (const { afterMs, quiet, skip } of moments) {
          facts = { ...facts, elapsedMs: facts.elapsedMs + afterMs, quiet: facts.quiet || quiet, skips: facts.skips + (skip ? 1 : 0) };
          const index = RUNGS.indexOf(stopRung(facts).rung);
          expect(index).toBeGreaterThanOrEqual(reached);
          reached = index;
        }
      }),
    );
  });

  it('reaches the kill by looking again whenever it says so', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_600_000 }), fc.boolean(), fc.integer({ min: 0, max: 2 }), (killTimeoutMs, quiet, skips) => {
        let elapsedMs = 0;
        for (let looks = 0; looks <= RUNGS.length; looks++) {
          const { rung, nextInMs } = stopRung({ elapsedMs, killTimeoutMs, quiet, skips });
          expect(nextInMs === null).toBe(rung === 'kill');
          if (nextInMs === null) {
            expect(elapsedMs).toBeLessThanOrEqual(Math.ceil(killTimeoutMs));
            return;
          }
          elapsedMs += Math.ceil(nextInMs);
        }
        expect.unreachable('the ladder has three rungs');
      }),
    );
  });
});

describe('stop_grace', () => {
  const times = (stopGraceMs: number | null, drainDelayMs = 0, killTimeoutMs = 30_000) => ({ stopGraceMs, drainDelayMs, killTimeoutMs });

  it('changes nothing when it is off', () => {
    expect([drainDelay(times(null, 60_000)), stopTimeout(times(null), 59_000)]).toEqual([60_000, 30_000]);
  });

  it('leaves a third of the time to the drain delay, at most', () => {
    expect(drainDelay(times(9_000, 5_000))).toBe(3_000);
    expect(drainDelay(times(9_000, 1_000))).toBe(1_000);
  });

  it('has room for all of drain_delay and kill_timeout, and not much more', () => {
    fc.assert(
      fc.property(fc.nat(60_000), fc.nat(60_000), (delay, kill) => {
        const grace = roomyGrace({ drainDelayMs: delay, killTimeoutMs: kill });
        const given = times(grace, delay, kill);
        expect([drainDelay(given), stopTimeout(given, delay)]).toEqual([delay, kill]);
        const less = times(Math.max(1, grace - 1_000), delay, kill);
        expect(grace === 1_000 || drainDelay(less) < delay || stopTimeout(less, delay) < kill).toBe(true);
      }),
    );
  });

  it('covers everything', () => {
    expect([stopLimit(times(10_000)), stopLimit(times(null))]).toEqual([9_500, Number.POSITIVE_INFINITY]);
    expect(stopTimeout(times(10_000), 0)).toBe(9_500);
    expect(stopTimeout(times(10_000, 0, 2_000), 0)).toBe(2_000);
    expect(stopTimeout(times(10_000), 20_000)).toBe(0);
    fc.assert(
      fc.property(fc.nat(60_000), fc.nat(60_000), fc.nat(60_000), fc.nat(3_000), (grace, delay, kill, shutMs) => {
        const given = times(grace, delay, kill);
        const elapsedMs = drainDelay(given) + shutMs;
        expect(elapsedMs + stopTimeout(given, elapsedMs)).toBeLessThanOrEqual(Math.max(grace, elapsedMs));
      }),
    );
  });

  it('warns of a kill_timeout that does not fit, with one that does', () => {
    expect(graceWarning(times(10_000, 5_000, 9_000))).toBe(
      'kill_timeout (9.0 s) does not fit into stop_grace (10.0 s): a stop kills workers after 6.2 s. For all of it, set stop_grace or LB_STOP_GRACE to 15s, and give a container as much (docker run --stop-timeout 15)',
    );
    fc.assert(
      fc.property(fc.nat(60_000), fc.nat(60_000), (delay, kill) => {
        const roomy = roomyGrace({ drainDelayMs: delay, killTimeoutMs: kill });
        expect([graceWarning(times(roomy, delay, kill)), graceWarning(times(null, delay, kill))]).toEqual([null, null]);
        expect(graceWarning(times(kill, delay, kill)) === null).toBe(kill === 0);
      }),
    );
  });
});
