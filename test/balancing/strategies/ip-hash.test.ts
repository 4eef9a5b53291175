import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashAddress } from '../../../src/balancing/address-hash.ts';
import { ipHash } from '../../../src/balancing/strategies/ip-hash.ts';
import { backend, backendsOf, weights, type TestBackend } from '../backends.ts';

const PREFIX = { v4: 32, v6: 64 };
/** As they come: neighbours in a few networks of each family. */
const v4 = Array.from({ length: 3_000 }, (_, i) => `10.${i % 3}.${i >> 8}.${i & 255}`);
const v6 = Array.from({ length: 3_000 }, (_, i) => `2001:db8:${(i % 3).toString(16)}:${i.toString(16)}::1`);
const clients = [...v4, ...v6].map((address) => hashAddress(address, PREFIX));
const slotsFor = (backends: readonly TestBackend[]): (number | undefined)[] => clients.map((client) => ipHash.pick(backends, client)?.slot);
const shareOf = (slots: readonly (number | undefined)[], slot: number): number => slots.filter((one) => one === slot).length / slots.length;

const equals = fc.integer({ min: 2, max: 40 });
const few = { numRuns: 25 };

describe('ip-hash', () => {
  it('moves clients to the new worker only, and its share of them', () => {
    fc.assert(
      fc.property(equals, (count) => {
        const after = slotsFor(backendsOf(...new Array<number>(count + 1).fill(1)));
        const before = slotsFor(backendsOf(...new Array<number>(count).fill(1)));
        const moved = after.filter((slot, client) => slot !== before[client]);
        expect(new Set(moved)).toEqual(new Set([count]));
        expect(Math.abs(moved.length / clients.length - 1 / (count + 1))).toBeLessThan(0.02);
      }),
      few,
    );
  });

  it('moves nobody but the clients of a worker that is lost or full, and spreads those', () => {
    fc.assert(
      fc.property(
        weights.filter(({ length }) => length > 2),
        fc.nat(),
        fc.boolean(),
        (given, which, isFull) => {
          const backends = backendsOf(...given);
          const lost = which % given.length;
          const before = slotsFor(backends);
          const after = slotsFor(isFull ? backends.map((one) => ({ ...one, full: one.slot === lost })) : backends.filter(({ slot }) => slot !== lost));
          expect(after.filter((slot, client) => slot !== before[client] && before[client] !== lost)).toEqual([]);
          const refuges = after.filter((_, client) => before[client] === lost);
          expect(refuges).not.toContain(lost);
          if (refuges.length > 500) expect(new Set(refuges).size).toBe(given.length - 1);
        },
      ),
      few,
    );
  });

  it('moves clients to a backend that becomes heavier, and to no other', () => {
    fc.assert(
      fc.property(weights, fc.nat(), (given, which) => {
        const heavier = which % given.length;
        const before = slotsFor(backendsOf(...given));
        const after = slotsFor(backendsOf(...given.map((weight, slot) => (slot === heavier ? 2 * weight : weight))));
        expect(after.filter((slot, client) => slot !== before[client] && slot !== heavier)).toEqual([]);
      }),
      few,
    );
  });

  it('gives shares by weight', () => {
    fc.assert(
      fc.property(weights, (given) => {
        const slots = slotsFor(backendsOf(...given));
        const total = given.reduce((a, b) => a + b, 0);
        given.forEach((weight, slot) => expect(Math.abs(shareOf(slots, slot) - weight / total)).toBeLessThan(0.03));
      }),
      few,
    );
  });

  it('knows the same worker whatever the order of the backends, and whether it is free or not', () => {
    fc.assert(
      fc.property(weights, (given) => {
        const backends = backendsOf(...given);
        const busy = backends.map((one) => ({ ...one, free: false, connections: 9 })).toReversed();
        expect(slotsFor(busy)).toEqual(slotsFor(backends));
      }),
      few,
    );
  });

  it('stays with the older worker of a slot while both serve, unless it is full', () => {
    const [old, fresh] = [backend(1), backend(1, { weight: 5 })];
    const picks = (): unknown[] => [...new Set(clients.map((client) => ipHash.pick([backend(0), old, fresh], client)))].filter((one) => one?.slot === 1);
    expect(picks()).toEqual([old]);
    expect(picks()[0]).toBe(old);
    old.full = true;
    expect(picks()[0]).toBe(fresh);
  });

  it('has a winner that wins against each other one alone', () => {
    fc.assert(
      fc.property(weights, fc.nat(2 ** 32 - 1), (given, client) => {
        const backends = backendsOf(...given);
        const winner = ipHash.pick(backends, client);
        for (const other of backends) {
          if (other !== winner && winner !== null) expect(ipHash.pick([other, winner], client)).toBe(winner);
        }
      }),
    );
  });
});
