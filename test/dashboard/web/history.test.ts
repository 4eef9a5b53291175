import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newHistory, record, Series, WINDOW_SECONDS } from '../../../src/dashboard/web/history.ts';
import { app } from '../../client/samples.ts';

const NOW = 1_790_000_000;
const known = (series: Series): (number | null)[] => series.values.slice(series.values.findIndex((value) => value !== null));

describe('a series', () => {
  it('has one value a second, the newest last', () => {
    const series = new Series();
    for (const [index, value] of [5, 6, 7].entries()) series.put(NOW + index, value);
    expect(known(series)).toEqual([5, 6, 7]);
    expect(series.times.at(-1)).toBe(NOW + 2);
    expect(series.values).toHaveLength(WINDOW_SECONDS);
    expect(series.times).toHaveLength(WINDOW_SECONDS);
  });

  it('has no hole where one value came late, and one where nothing came', () => {
    const series = new Series();
    series.put(NOW, 1);
    series.put(NOW + 2, 3);
    series.put(NOW + 6, 7);
    expect(known(series)).toEqual([1, 3, 3, null, null, null, 7]);
  });

  it('takes the later of two values of one second', () => {
    const series = new Series();
    series.put(NOW, 1);
    series.put(NOW, 2);
    expect(known(series)).toEqual([2]);
  });

  it('takes from the past only what it does not know', () => {
    const series = new Series();
    series.put(NOW, 50);
    series.put(NOW + 1, 51);
    series.prefill({ from: (NOW - 2) * 1000, stepMs: 1000, values: [8, 9, 10, 11] });
    expect(known(series)).toEqual([8, 9, 50, 51]);
  });

  it('shows the past before anything else is known', () => {
    const series = new Series();
    series.prefill({ from: (NOW - 2) * 1000, stepMs: 1000, values: [8, null, 10] });
    expect(known(series)).toEqual([8, null, 10]);
    expect(series.times.at(-1)).toBe(NOW);
  });

  it('keeps its length and its order whatever comes when', () => {
    const times = fc.array(fc.record({ second: fc.integer({ min: NOW, max: NOW + 3 * WINDOW_SECONDS }), value: fc.option(fc.nat()) }), { minLength: 1 });
    fc.assert(
      fc.property(times, (puts) => {
        const series = new Series();
        for (const { second, value } of puts) series.put(second, value);
        const newest = Math.max(...puts.map(({ second }) => second));
        expect(series.values).toHaveLength(WINDOW_SECONDS);
        expect(series.times.at(-1)).toBe(newest);
        expect(series.at(newest)).toBe(puts.findLast(({ second }) => second === newest)?.value);
      }),
    );
  });
});

it('records every measure of an app', () => {
  const history = newHistory();
  record(history, NOW * 1000 + 999, app({ requestsPerSecond: 7, p95Ms: null, cpuPercent: 12, memoryBytes: 9, connections: 3 }));
  expect(Object.entries(history).map(([metric, series]) => [metric, series.at(NOW)])).toEqual([['rps', 7], ['p95', null], ['cpu', 12], ['memory', 9], ['connections', 3]]);
});
