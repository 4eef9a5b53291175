import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeAppMetrics, sumCounts } from '../../src/metrics/merge-app-metrics.ts';
import type { AppMetric, AppValue } from '../../src/protocol/app-metrics.ts';

const metric = (changes: Partial<AppMetric>): AppMetric => ({ name: 'jobs_total', help: 'Jobs.', type: 'counter', aggregator: 'sum', values: [], ...changes });
const value = (of: number, labels: AppValue['labels'] = {}, suffix = ''): AppValue => ({ suffix, labels, value: of });
const counter = (of: number, labels?: AppValue['labels']): AppMetric => metric({ values: [value(of, labels)] });
const gauge = (of: number, aggregator = 'sum'): AppMetric => metric({ name: 'depth', type: 'gauge', aggregator, values: [value(of)] });
const histogram = (counts: readonly (readonly [le: number | string, count: number])[]): AppMetric =>
  metric({
    name: 'took',
    type: 'histogram',
    values: [...counts.map(([le, count]) => value(count, { le }, '_bucket')), value(5, {}, '_sum'), value(1, {}, '_count')],
  });
const workers = (...metrics: readonly AppMetric[]): { slot: number; metrics: AppMetric[] }[] => metrics.map((one, slot) => ({ slot, metrics: [one] }));
const samples = (current: { slot: number; metrics: AppMetric[] }[], past: AppMetric[][] = []): readonly AppValue[] =>
  mergeAppMetrics({ current, past }).families.flatMap((family) => family.samples);

const kinds = fc.constantFrom('a', 'b', 'c');
const counted = fc.uniqueArray(fc.record({ kind: kinds, n: fc.nat(1_000_000) }), { selector: ({ kind }) => kind, minLength: 1 });
const asMetric = (counts: readonly { readonly kind: string; readonly n: number }[]): AppMetric =>
  metric({ values: counts.map(({ kind, n }) => value(n, { kind })) });

describe('counters', () => {
  it('are the sum over workers, those that are silent and those that are gone, in whatever order', () => {
    fc.assert(
      fc.property(fc.array(counted), fc.array(counted), fc.array(counted), (current, silent, gone) => {
        const all = [...current, ...silent, ...gone].flat();
        const expected = Object.fromEntries(
          [...new Set(all.map(({ kind }) => kind))].map((kind) => [kind, all.filter((one) => one.kind === kind).reduce((sum, { n }) => sum + n, 0)]),
        );
        for (const order of [current, [...current].reverse()]) {
          const merged = samples(workers(...order.map(asMetric)), [
            ...silent.map((one) => [asMetric(one)]),
            [...sumCounts(gone.map((one) => [asMetric(one)]))],
          ]);
          expect(Object.fromEntries(merged.map(({ labels, value: n }) => [labels['kind'], n]))).toEqual(expected);
        }
      }),
    );
  });

  it('of a worker that no longer answers do not go backwards', () => {
    expect(samples(workers(counter(7), counter(5)))).toEqual(samples(workers(counter(7)), [[counter(5)]]));
  });

  it('are the same series in whatever order the labels stand', () => {
    expect(samples(workers(counter(1, { a: 1, b: 2 }), counter(2, { b: 2, a: 1 })))).toEqual([value(3, { a: 1, b: 2 })]);
  });
});

describe('histograms', () => {
  it('are summed bucket by bucket', () => {
    const one = histogram([
      [0.1, 1],
      ['+Inf', 1],
    ]);
    expect(samples(workers(one, one))).toEqual([
      value(2, { le: 0.1 }, '_bucket'),
      value(2, { le: '+Inf' }, '_bucket'),
      value(10, {}, '_sum'),
      value(2, {}, '_count'),
    ]);
  });

  it('with other buckets are left out; those of the youngest worker count', () => {
    const merged = mergeAppMetrics({
      current: workers(
        histogram([
          [0.1, 1],
          ['+Inf', 1],
        ]),
        histogram([
          [0.2, 9],
          ['+Inf', 9],
        ]),
      ),
      past: [[histogram([[0.3, 9]])]],
    });
    expect(merged.families[0]?.samples.map(({ value: n }) => n)).toEqual([1, 1, 5, 1]);
    expect(merged.leftOut).toEqual(['took']);
  });
});

describe('gauges', () => {
  it('are kept by slot, and forgotten with their worker', () => {
    expect(samples(workers(gauge(3), gauge(4)), [[gauge(9)]])).toEqual([value(3, { slot: 0 }), value(4, { slot: 1 })]);
  });

  it.each([
    ['first', 5],
    ['min', 1],
    ['max', 6],
    ['average', 4],
  ])('with the aggregator %s are one value', (aggregator, expected) => {
    expect(samples(workers(...[5, 1, 6].map((n) => gauge(n, aggregator))))).toEqual([value(expected)]);
  });

  it('that are to be omitted are', () => {
    expect(samples(workers(gauge(1, 'omit')))).toEqual([]);
  });

  it("of two workers in one slot are the youngest's", () => {
    expect(
      samples([
        { slot: 0, metrics: [gauge(1)] },
        { slot: 0, metrics: [gauge(2)] },
      ]),
    ).toEqual([value(1, { slot: 0 })]);
  });
});

it('the first type of a name counts', () => {
  const { families, leftOut } = mergeAppMetrics({ current: workers(counter(1), metric({ type: 'gauge', values: [value(2)] })), past: [] });
  expect([families.length, families[0]?.type, families[0]?.samples, leftOut]).toEqual([1, 'counter', [value(1)], ['jobs_total']]);
});

it('labels that are ours are renamed as Prometheus does', () => {
  expect(samples(workers(counter(1, { app: 'x', slot: 9, le: 'y' })))).toEqual([value(1, { exported_app: 'x', exported_slot: 9, le: 'y' })]);
});

it('what is too much is left out', () => {
  const many = metric({ values: Array.from({ length: 50_000 }, (_, n) => value(1, { n })) });
  const { families, leftOut } = mergeAppMetrics({ current: workers(many), past: [] });
  expect(JSON.stringify(families).length).toBeLessThan(8 * 1024 * 1024);
  expect(families[0]?.samples.length).toBeGreaterThan(10_000);
  expect(leftOut).toEqual(['jobs_total']);
});
