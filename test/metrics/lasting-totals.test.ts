import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NO_LASTING_TOTALS, toSave, totalOf, withTotals } from '../../src/metrics/lasting-totals.ts';
import { addTotals, NO_TOTALS } from '../../src/metrics/totals.ts';
import type { AppTotals } from '../../src/protocol/totals.ts';

/** Every number of a tree with the way to it. */
function leaves(tree: unknown, path = ''): [string, number][] {
  if (typeof tree === 'number') return [[path, tree]];
  return Object.entries(tree as object).flatMap(([key, value]) => leaves(value, `${path}.${key}`));
}

const requests = (n: number, slot = 0): AppTotals => {
  const counters = { answers: [0, n, 0, 0, 0], bytesReceived: 10 * n, bytesSent: n, accepted: n, refused: 0, cpuMs: n, gcCount: 0, gcMs: 0 };
  return {
    ...NO_TOTALS,
    ...counters,
    latency: NO_TOTALS.latency.map((_, i) => (i === 3 ? n : 0)),
    exits: { [`cause${n % 3}`]: n },
    slots: { [slot]: counters },
  };
};

it('adds what several primaries counted', () => {
  const told = [
    ['p1', requests(3)],
    ['p1', requests(5)],
    ['p2', requests(1, 1)],
    ['p2', requests(4, 1)],
  ] as const;
  const lasting = told.reduce((known, [primary, totals]) => withTotals(known, primary, totals), NO_LASTING_TOTALS);
  expect(totalOf(lasting)).toMatchObject({
    answers: [0, 9, 0, 0, 0],
    bytesReceived: 90,
    exits: { cause2: 5, cause1: 4 },
    slots: { 0: { bytesSent: 5 }, 1: { bytesSent: 4 } },
  });
});

it('takes what a primary counts while its successor serves', () => {
  const told = [
    ['p1', requests(5)],
    ['p2', requests(1)],
    ['p1', requests(7)],
    ['p2', requests(3)],
    ['p3', requests(1)],
  ] as const;
  const lasting = told.reduce((known, [primary, totals]) => withTotals(known, primary, totals), NO_LASTING_TOTALS);
  expect(totalOf(lasting).accepted).toBe(11);
  expect(toSave(lasting)).toMatchObject({ base: { accepted: 10 }, last: { primary: 'p3', totals: { accepted: 1 } } });
  expect(totalOf(toSave(lasting))).toEqual(totalOf(lasting));
});

it('never goes backwards for somebody who was told, whoever is killed in between', () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant('count' as const), by: fc.nat(50), slot: fc.nat(3) }),
    fc.constantFrom({ kind: 'report' as const }, { kind: 'tell' as const }, { kind: 'kill-primary' as const }, { kind: 'kill-daemon' as const }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60, size: 'max' }), (events) => {
      let primary = 1;
      let counted = NO_TOTALS;
      let daemon = NO_LASTING_TOTALS;
      let onDisk = NO_LASTING_TOTALS;
      let told = new Map<string, number>();
      for (const now of events) {
        if (now.kind === 'count') counted = addTotals(counted, requests(now.by, now.slot));
        else if (now.kind === 'report') daemon = withTotals(daemon, `p${primary}`, counted);
        else if (now.kind === 'kill-daemon') daemon = onDisk;
        else if (now.kind === 'kill-primary') {
          primary++;
          counted = NO_TOTALS;
        } else {
          onDisk = toSave(daemon);
          const next = new Map(leaves(totalOf(daemon)));
          for (const [path, value] of told) expect(next.get(path) ?? -1, path).toBeGreaterThanOrEqual(value);
          told = next;
        }
      }
    }),
  );
});
