import { describe, expect, it } from 'vitest';
import { addSample, recall, series, SPAN_SECONDS, takeSample, type Sample } from '../../src/monitor/history.ts';
import { MEASURES, type Measure } from '../../src/monitor/measures.ts';
import type { HistorySeries } from '../../src/protocol/history.ts';
import { barChart, scaleOf, sparkline } from '../../src/terminal/chart.ts';
import { app, worker } from '../client/samples.ts';

const [REQUESTS, P95] = [MEASURES[0], MEASURES[3]] as [Measure, Measure];
const sample = (second: number, value: number): Sample =>
  takeSample(second * 1000, [
    app({
      requestsPerSecond: value,
      p95Ms: value,
      workers: [
        worker({ generation: 1, startedAt: 1, requestsPerSecond: 1 }),
        worker({ startedAt: 2, requestsPerSecond: value }),
        worker({ slot: 2, p95Ms: null }),
      ],
    }),
  ]);
const history = (...values: readonly (number | null)[]): readonly Sample[] =>
  values.reduce<readonly Sample[]>((all, value, second) => (value === null ? all : addSample(all, sample(6_000 + second, value))), []);

describe('series', () => {
  it('has a column per second where there is room, with gaps where nothing was known', () => {
    const values = series(history(1, 2, null, 4), { app: 'api', slot: null, measure: REQUESTS, columns: 300 });
    expect(values.slice(-5)).toEqual([null, 1, 2, null, 4]);
  });

  it('sums up several seconds in a column: the mean, or the worst', () => {
    const all = history(...Array.from({ length: 60 }, (_, i) => i % 30));
    expect(series(all, { app: 'api', slot: null, measure: REQUESTS, columns: 10 }).slice(-2)).toEqual([14.5, 14.5]);
    expect(series(all, { app: 'api', slot: null, measure: P95, columns: 10 }).slice(-2)).toEqual([29, 29]);
  });

  it('has something in every column, however many there are', () => {
    const all = history(...Array.from({ length: 300 }, (_, i) => i + 1));
    for (const columns of [1, 7, 92, 149, 151, 299, 300])
      expect(series(all, { app: 'api', slot: null, measure: P95, columns }).slice(1), String(columns)).not.toContain(null);
  });

  it('moves only when a column is full', () => {
    const values = Array.from({ length: 60 }, (_, i) => i);
    const before = series(history(...values.slice(0, 45)), { app: 'api', slot: null, measure: P95, columns: 10 });
    const next = series(history(...values.slice(0, 46)), { app: 'api', slot: null, measure: P95, columns: 10 });
    expect(next.slice(0, -1)).toEqual(before.slice(0, -1));
  });

  it('knows the newest worker of each slot', () => {
    const all = history(7);
    expect(series(all, { app: 'api', slot: 0, measure: REQUESTS, columns: 300 }).at(-1)).toBe(7);
    expect(series(all, { app: 'api', slot: 1, measure: REQUESTS, columns: 300 }).at(-1)).toBeNull();
    expect(series(all, { app: 'api', slot: 2, measure: P95, columns: 300 }).at(-1)).toBeNull();
    expect(series(all, { app: 'other', slot: null, measure: P95, columns: 3 })).toEqual([null, null, null]);
  });

  it('is bounded, and begins anew when the clock goes back', () => {
    const long = history(...Array.from({ length: 1_000 }, (_, i) => i));
    expect(long).toHaveLength(SPAN_SECONDS);
    expect(addSample(long, sample(5_000, 1))).toHaveLength(1);
  });
});

describe('what the daemon remembers', () => {
  const ofSeconds = (first: number, values: readonly (number | null)[], changes: Partial<HistorySeries> = {}): HistorySeries => ({
    app: 'api',
    slot: null,
    metric: 'rps',
    from: first * 1000,
    stepMs: 1000,
    values,
    ...changes,
  });
  const last = (all: readonly Sample[], slot: number | null, measure: Measure): (number | null)[] =>
    series(all, { app: 'api', slot, measure, columns: 300 }).slice(-5);

  it('comes before what was seen, and changes none of it', () => {
    const seen = history(1, 2);
    const all = recall(seen, [ofSeconds(5_997, [7, null, 9, 8, 8]), ofSeconds(5_999, [3, 3], { slot: 5, metric: 'p95' })]);
    expect(last(all, null, REQUESTS)).toEqual([7, null, 9, 1, 2]);
    expect(last(all, 5, P95)).toEqual([null, null, 3, 3, null]);
    expect(last(addSample(all, sample(6_002, 6)), null, REQUESTS)).toEqual([null, 9, 1, 2, 6]);
    expect(last(seen, null, REQUESTS)).toEqual([null, null, null, 1, 2]);
    expect(all).toHaveLength(SPAN_SECONDS);
  });

  it('stands alone until stats come; what is too old or unknown is left out', () => {
    const all = recall([], [ofSeconds(6_000, [4, 5]), ofSeconds(5_000, [9]), ofSeconds(6_000, [9], { metric: 'p50' })]);
    expect(last(all, null, REQUESTS)).toEqual([null, null, null, 4, 5]);
    expect(last(recall([], []), null, REQUESTS)).toEqual([null, null, null, null, null]);
  });

  it('of event loops is of slots: an app has the busiest', () => {
    const all = recall([], [ofSeconds(6_000, [0.2, 0.5], { slot: 0, metric: 'elu' }), ofSeconds(6_000, [0.7, null], { slot: 1, metric: 'elu' })]);
    expect(
      last(all, null, MEASURES[5] as Measure)
        .slice(-2)
        .map((value) => value?.toFixed(1)),
    ).toEqual(['0.7', '0.5']);
  });
});

describe('charts', () => {
  it('fill their height at the top of the scale, and show whatever is not nothing', () => {
    expect(sparkline([0, null, 0.01, 5, 10], 10)).toBe('▁ ▁▄█');
    expect(barChart([0.01, 5, 7.5, 10, null], 10, 2)).toEqual(['  ▄█ ', '▁███ ']);
    expect(scaleOf([1, null, 3], 5)).toBe(5);
    expect(scaleOf([1, 30], 5)).toBe(30);
  });
});
