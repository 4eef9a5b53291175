import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAppMetrics } from '../../src/metrics/read-app-metrics.ts';

const METRIC = { name: 'jobs_total', help: 'Jobs.', type: 'counter', aggregator: 'sum', values: [{ suffix: '', labels: { kind: 'a' }, value: 1 }] };

it('gives back what a worker tells', () => {
  expect(parseAppMetrics(JSON.stringify([METRIC]))).toEqual({ metrics: [METRIC], refused: [] });
});

it.each([{ name: 'lb_restarts_total' }, { name: 'a-b' }, { name: 5 }, { type: 'info' }, { values: null }])('refuses %j', (wrong) => {
  const { metrics, refused } = parseAppMetrics(JSON.stringify([{ ...METRIC, ...wrong }, METRIC])) ?? {};
  expect([metrics, refused]).toEqual([[METRIC], [String({ ...METRIC, ...wrong }.name)]]);
});

it.each([{ value: null }, { suffix: '_x' }, { labels: { 'a b': 1 } }])('drops a sample with %j', (wrong) => {
  const told = { ...METRIC, values: [{ ...METRIC.values[0], ...wrong }] };
  expect(parseAppMetrics(JSON.stringify([told]))).toEqual({ metrics: [{ ...METRIC, values: [] }], refused: [] });
});

it('never throws', () => {
  const almost = fc.record({ name: fc.constantFrom('a', 5), type: fc.constant('gauge'), values: fc.jsonValue(), help: fc.jsonValue() });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.array(fc.oneof(almost, fc.jsonValue())).map((all) => JSON.stringify(all)),
      ),
      (text) => void parseAppMetrics(text),
    ),
  );
});
