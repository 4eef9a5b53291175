import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_STATE, nextAccept, SAMPLE_MS, type AcceptMode, type AcceptState } from '../../src/balancing/accept-mode.ts';

/** A machine whose primary can hand over so many connections per second, with half a core. */
const CAPACITY = 10_000;
const MOST = 0.2;
/** At this rate it uses more than it may. */
const TOO_MANY = 4_000;

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
    const share = state.mode === 'calm' ? perSecond / CAPACITY / 2 : 0.01;
    const waiting = state.mode === 'calm' && offered > CAPACITY ? 16 : 0;
    const before = state.mode;
    state = nextAccept(state, { at, perSecond, share, waiting }, MOST);
    if (state.mode !== before) switches.push({ at, to: state.mode });
  }
  return switches;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const modes = (switches: readonly Switch[]): AcceptMode[] => switches.map(({ to }) => to);

describe('the mode', () => {
  it('is calm under any load for which the primary needs no more than it may', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: TOO_MANY - 1 }), (rate) => {
        expect(simulate(() => rate, HOUR)).toEqual([]);
      }),
    );
  });

  it('becomes a storm within a second, and stays one under a steady load', () => {
    fc.assert(
      fc.property(fc.integer({ min: TOO_MANY, max: 10 * CAPACITY }), (rate) => {
        expect(simulate(() => rate, HOUR)).toEqual([{ at: 3 * SAMPLE_MS.calm, to: 'storm' }]);
      }),
    );
  });

  it('does not follow a single busy sample', () => {
    expect(simulate((at) => (at % 1_000 === 0 ? CAPACITY : 100), HOUR)).toEqual([]);
  });

  it('does not care for a primary that is busy with something else', () => {
    let state = FIRST_STATE;
    for (let at = 0; at < MINUTE; at += SAMPLE_MS.calm) state = nextAccept(state, { at, perSecond: 499, share: 1, waiting: 7 }, MOST);
    expect(state.mode).toBe('calm');
  });

  it('follows connections that wait though the primary is not busy', () => {
    let state = FIRST_STATE;
    for (const at of [0, 250, 500, 750]) state = nextAccept(state, { at, perSecond: 100, share: 0.02, waiting: 8 }, MOST);
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

  it('is a storm at once, and for as long as there are connections, if the primary may do nothing', () => {
    let state = FIRST_STATE;
    for (const at of [0, 250, 500, 750]) state = nextAccept(state, { at, perSecond: 300, share: 0.03, waiting: 0 }, 0);
    for (const at of [20_000, 25_000]) state = nextAccept(state, { at, perSecond: 1, share: 0.001, waiting: 0 }, 0);
    expect(state.mode).toBe('storm');
  });

  it('has no mode in which it would leave the other at the same load', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 * CAPACITY }), (rate) => {
        expect(simulate(() => rate, HOUR).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
