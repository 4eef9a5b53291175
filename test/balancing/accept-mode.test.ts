import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_STATE, nextAccept, SAMPLE_MS, type AcceptMode, type AcceptState } from '../../src/balancing/accept-mode.ts';

/** A machine whose primary can hand over so many connections per second. */
const CAPACITY = 10_000;

/** How many connections clients open per second, if they can, at a time in milliseconds. */
type Curve = (at: number) => number;

interface Switch {
  readonly at: number;
  readonly to: AcceptMode;
}

/** Runs the decision over a curve. In the calm no more arrive than the primary can hand over; in a storm all of them do. */
function simulate(curve: Curve, lastsMs: number): readonly Switch[] {
  const switches: Switch[] = [];
  let state: AcceptState = FIRST_STATE;
  for (let at = 0; at < lastsMs; at += SAMPLE_MS[state.mode]) {
    const offered = curve(at);
    const perSecond = state.mode === 'calm' ? Math.min(offered, CAPACITY) : offered;
    const busy = state.mode === 'calm' ? perSecond / CAPACITY : 0.01;
    const waiting = state.mode === 'calm' && offered > CAPACITY ? 16 : 0;
    const before = state.mode;
    state = nextAccept(state, { at, perSecond, busy, waiting });
    if (state.mode !== before) switches.push({ at, to: state.mode });
  }
  return switches;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const modes = (switches: readonly Switch[]): AcceptMode[] => switches.map(({ to }) => to);

describe('the mode', () => {
  it('is calm under any load that the primary hands over in less than half of its time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: CAPACITY / 2 - 1 }), (rate) => {
        expect(simulate(() => rate, HOUR)).toEqual([]);
      }),
    );
  });

  it('becomes a storm within half a second, and stays one under a steady load', () => {
    fc.assert(
      fc.property(fc.integer({ min: CAPACITY / 2, max: 10 * CAPACITY }), (rate) => {
        expect(simulate(() => rate, HOUR)).toEqual([{ at: SAMPLE_MS.calm, to: 'storm' }]);
      }),
    );
  });

  it('does not follow a single busy sample', () => {
    expect(simulate((at) => (at % 1_000 === 0 ? CAPACITY : 100), HOUR)).toEqual([]);
  });

  it('does not care for a primary that is busy with something else', () => {
    let state = FIRST_STATE;
    for (let at = 0; at < MINUTE; at += SAMPLE_MS.calm) state = nextAccept(state, { at, perSecond: 499, busy: 1, waiting: 7 });
    expect(state.mode).toBe('calm');
  });

  it('follows connections that wait though the primary is not busy', () => {
    let state = FIRST_STATE;
    for (const at of [0, 250]) state = nextAccept(state, { at, perSecond: 100, busy: 0.2, waiting: 8 });
    expect(state.mode).toBe('storm');
  });

  it('is calm again 5 s after a storm, and 10 s after it began at the earliest', () => {
    const short = simulate((at) => (at < 3_000 ? CAPACITY : 100), HOUR);
    expect(modes(short)).toEqual(['storm', 'calm']);
    expect(short[1]?.at).toBeLessThanOrEqual(10_000 + SAMPLE_MS.storm);
    expect(short[1]?.at).toBeGreaterThanOrEqual(10_000);
    const long = simulate((at) => (at < MINUTE ? CAPACITY : 100), HOUR);
    expect(modes(long)).toEqual(['storm', 'calm']);
    expect(long[1]?.at).toBeLessThanOrEqual(MINUTE + 2 * SAMPLE_MS.storm);
  });

  it('after an hour of a load that comes and goes is a storm for minutes at a time', () => {
    for (const period of [2_000, 15_000, 30_000, MINUTE]) {
      const switches = simulate((at) => (at % period < period / 2 ? 2 * CAPACITY : 50), 3 * HOUR);
      expect(switches.filter(({ at }) => at > HOUR).length, `every ${period} ms`).toBeLessThanOrEqual(2 * Math.ceil((2 * HOUR) / 300_000));
    }
  });

  it('never flaps, whatever the load: each storm that returns soon lasts twice as long', () => {
    const segment = fc.record({ ms: fc.integer({ min: 100, max: 120_000 }), rate: fc.integer({ min: 0, max: 4 * CAPACITY }) });
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 30 }), (segments) => {
        const total = segments.reduce((sum, { ms }) => sum + ms, 0);
        const curve: Curve = (at) => {
          let rest = at % total;
          return segments.find(({ ms }) => (rest -= ms) < 0)?.rate ?? 0;
        };
        const switches = simulate(curve, HOUR);
        expect(modes(switches)).toEqual(switches.map((_, index) => (index % 2 === 0 ? 'storm' : 'calm')));
        const storms = switches.flatMap(({ at, to }, index) => (to === 'storm' ? [{ at, endsAt: switches[index + 1]?.at ?? Number.POSITIVE_INFINITY }] : []));
        let shortest = 10_000;
        storms.forEach(({ at, endsAt }, index) => {
          const before = storms[index - 1];
          shortest = before !== undefined && at - before.endsAt <= 3 * shortest ? Math.min(2 * shortest, 320_000) : 10_000;
          expect(endsAt - at).toBeGreaterThanOrEqual(shortest);
        });
      }),
    );
  });

  it('has no mode in which it would leave the other at the same load', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 * CAPACITY }), (rate) => {
        expect(simulate(() => rate, HOUR).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
