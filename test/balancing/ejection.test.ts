import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeCauses,
  eject,
  ejectPassively,
  expire,
  isEjected,
  lift,
  mayEjectPassively,
  expiresAt,
  NOT_EJECTED,
  type EjectionState,
} from '../../src/balancing/ejection.ts';

const MINUTE = 60_000;
const policy = { baseMs: 10_000 };
const passively = (state: EjectionState, now: number): EjectionState => ejectPassively(state, 'late', policy, now);
const lengthAt = (state: EjectionState, now: number): number => (expiresAt(passively(state, now)) ?? 0) - now;

describe('an ejection', () => {
  it('stands while any of its causes stands, and counts once', () => {
    let state = eject(NOT_EJECTED, 'active', 'status 503', 1_000);
    state = eject(state, 'self', 'out of licences', 2_000);
    state = passively(state, 3_000);
    state = lift(state, 'active');
    expect([isEjected(state, true), state.since, state.total]).toEqual([true, 1_000, 1]);
    state = expire(state, 13_000);
    expect([isEjected(state, true), state.since]).toEqual([true, 1_000]);
    state = lift(state, 'self');
    expect([isEjected(state, true), state.since]).toEqual([false, null]);
    expect(eject(state, 'active', 'again', 20_000)).toMatchObject({ since: 20_000, total: 2 });
  });

  it('never leaves a sole worker without work', () => {
    expect(isEjected(eject(NOT_EJECTED, 'active', 'status 503', 0), false)).toBe(false);
    expect(isEjected(NOT_EJECTED, true)).toBe(false);
  });

  it('is worded for people', () => {
    const state = passively(eject(eject(NOT_EJECTED, 'self', 'maintenance', 0), 'active', 'status 503', 0), 0);
    expect(describeCauses(state, 2_500)).toEqual(['reported itself down: maintenance', 'failed checks: status 503', 'late; back in 8 s']);
    expect(describeCauses(NOT_EJECTED, 0)).toEqual([]);
  });
});

describe('a passive ejection', () => {
  it('ends by itself, not a moment sooner', () => {
    const state = passively(NOT_EJECTED, 1_000);
    expect(expiresAt(state)).toBe(11_000);
    expect(expire(state, 10_999)).toBe(state);
    expect(expire(state, 11_000).since).toBeNull();
    expect(expiresAt(NOT_EJECTED)).toBeNull();
  });

  it('grows with each one, up to five minutes', () => {
    let state = NOT_EJECTED;
    let now = 0;
    const lengths: number[] = [];
    for (let i = 0; i < 40; i++) {
      state = passively(state, now);
      lengths.push((expiresAt(state) ?? 0) - now);
      now = expiresAt(state) ?? 0;
      state = expire(state, now);
    }
    expect(lengths.slice(0, 3)).toEqual([10_000, 20_000, 30_000]);
    expect(lengths.at(-1)).toBe(5 * MINUTE);
    expect(state.total).toBe(40);
  });

  it('is forgotten, one every five minutes since the last one ended', () => {
    let state = expire(passively(NOT_EJECTED, 0), 10_000);
    state = expire(passively(state, 10_000), 30_000);
    expect(lengthAt(state, 30_000 + 5 * MINUTE - 1)).toBe(30_000);
    expect(lengthAt(state, 30_000 + 5 * MINUTE)).toBe(20_000);
    expect(lengthAt(state, 30_000 + 10 * MINUTE)).toBe(10_000);
    expect(lengthAt(state, 30_000 + 100 * MINUTE)).toBe(10_000);
  });
});

describe('mayEjectPassively', () => {
  const [well, sick] = [NOT_EJECTED, eject(NOT_EJECTED, 'active', 'status 503', 0)];
  const out = passively(NOT_EJECTED, 0);

  it.each([
    { what: 'never a sole worker', workers: [well], may: false },
    { what: 'one of two', workers: [well, well], may: true },
    { what: 'never the last one that is well', workers: [well, sick], may: false },
    { what: 'never the last one that is well', workers: [well, out, sick], may: false },
    { what: 'one of five', workers: [well, well, well, well, well], may: true },
    { what: 'not a second one of five', workers: [well, well, well, well, out], may: false },
    { what: 'a second one of six', workers: [well, well, well, well, well, out], may: true },
    { what: 'those that failed their checks do not use up the share', workers: [well, well, sick, sick, sick], may: true },
  ])('$what', ({ workers, may }) => {
    expect(mayEjectPassively(workers, { maxShare: 0.34 })).toBe(may);
  });

  it('leaves somebody, and keeps to the share, whatever the order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.nat(39), { maxLength: 100 }),
        (count, maxShare, tries) => {
          const workers = Array.from({ length: count }, () => NOT_EJECTED);
          for (const index of tries) {
            if (workers[index]?.since === null && mayEjectPassively(workers, { maxShare })) workers[index] = passively(NOT_EJECTED, 0);
          }
          const ejected = workers.filter((one) => one.since !== null).length;
          expect(ejected).toBeLessThan(count);
          expect(ejected).toBeLessThanOrEqual(Math.max(1, Math.floor(count * maxShare)));
        },
      ),
    );
  });
});
