import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { History, type HistoryQuery } from '../../../src/dashboard/web/history.ts';
import { APP_MEASURES, METRICS } from '../../../src/dashboard/web/measures.ts';
import type { Resolution } from '../../../src/protocol/history.ts';
import { app, worker } from '../../client/samples.ts';

const NOW = 1_790_000_000;
const POINTS = 30;
const QUERY = { level: 'app', app: null, metrics: ['rps'], resolution: '1s', points: POINTS } as const satisfies HistoryQuery;

/** A history of requests per second at the given seconds. */
function seen(seconds: readonly (readonly [number, number])[], resolution: Resolution = '1s'): History {
  const history = new History({ ...QUERY, resolution });
  for (const [second, requestsPerSecond] of seconds) history.record((NOW + second) * 1000, [app({ requestsPerSecond })]);
  return history;
}

/** From the first known value on. */
function known(history: History): (number | null)[] {
  const values = history.line('api', 'rps').values;
  return values.slice(values.findIndex((value) => value !== null));
}

const remembered = (second: number, values: (number | null)[], stepMs = 1000) =>
  ({ app: 'api', slot: null, metric: 'rps', from: (NOW + second) * 1000, stepMs, values }) as const;

describe('what comes', () => {
  it('is one value a second, the newest last', () => {
    const history = seen([
      [0, 5],
      [1, 6],
      [2, 7],
    ]);
    expect(known(history)).toEqual([5, 6, 7]);
    expect(history.times).toHaveLength(POINTS);
    expect(history.times.at(-1)).toBe(NOW + 2);
    expect(history.times.at(-2)).toBe(NOW + 1);
  });

  it('has no hole where one value came late, and one where nothing came', () => {
    expect(
      known(
        seen([
          [0, 1],
          [2, 3],
          [6, 7],
        ]),
      ),
    ).toEqual([1, 3, 3, null, null, null, 7]);
  });

  it('is averaged within a longer step', () => {
    const history = seen(
      [
        [0, 10],
        [4, 20],
        [9, 30],
        [10, 1],
        [11, 3],
      ],
      '10s',
    );
    expect(known(history)).toEqual([20, 2]);
    expect(history.times.slice(-2)).toEqual([NOW, NOW + 10]);
    expect(history.line('api', 'rps').now).toBe(3);
    expect(
      known(
        seen(
          [
            [0, 10],
            [20, 20],
          ],
          '10s',
        ),
      ),
    ).toEqual([10, null, 20]);
  });

  it('begins anew when the clock went back', () => {
    expect(
      known(
        seen([
          [0, 1],
          [1, 2],
          [-3600, 3],
          [-3599, 4],
        ]),
      ),
    ).toEqual([3, 4]);
  });

  it('keeps its length and its order whatever comes when', () => {
    const gaps = fc.array(fc.record({ gap: fc.nat(2 * POINTS), value: fc.nat() }), { minLength: 1 });
    fc.assert(
      fc.property(gaps, (puts) => {
        let second = 0;
        const history = seen(puts.map(({ gap, value }) => [(second += gap + 1), value]));
        expect(history.line('api', 'rps').values).toHaveLength(POINTS);
        expect(history.times.at(-1)).toBe(NOW + second);
        expect(history.line('api', 'rps').values.at(-1)).toBe(puts.at(-1)?.value);
      }),
    );
  });
});

describe('what the daemon remembers', () => {
  it('fills in only what is not known', () => {
    const history = seen([
      [0, 50],
      [1, 51],
    ]);
    history.recall([remembered(-2, [8, 9, 10, 11])]);
    expect(known(history)).toEqual([8, 9, 50, 51]);
  });

  it('is shown before anything else is known', () => {
    const history = seen([]);
    history.recall([remembered(-2, [8, null, 10])]);
    expect(known(history)).toEqual([8, null, 10]);
    expect(history.times.at(-1)).toBe(NOW);
  });

  it('goes on with what comes, however its steps lie', () => {
    const history = seen([[13, 5]], '10s');
    history.recall([remembered(-14, [1, 2, 3], 10_000)]);
    history.record((NOW + 21) * 1000, [app({ requestsPerSecond: 6 })]);
    expect(known(history)).toEqual([1, 2, 3, 5, 6]);
  });

  it('is left out where it is longer ago, or later, than the charts', () => {
    const history = seen([[0, 5]]);
    history.recall([
      remembered(
        -2 * POINTS,
        Array.from({ length: 2 * POINTS + 5 }, (_, index) => index),
      ),
    ]);
    expect(history.line('api', 'rps').values).toEqual([...Array.from({ length: POINTS - 1 }, (_, index) => index + POINTS + 1), 5]);
  });
});

describe('one app', () => {
  const ofApp = { ...QUERY, app: 'api', metrics: APP_MEASURES } as const;
  const ofSlots = { ...QUERY, level: 'slot', app: 'api', metrics: METRICS } as const;
  const now = (history: History, slot: number | null): unknown =>
    Object.fromEntries(METRICS.map((metric) => [metric, history.line('api', metric, slot).values.at(-1)]));

  it('has every measure of the app and of each slot', () => {
    const histories = [new History(ofApp), new History(ofSlots)] as const;
    const own = worker({
      slot: 3,
      requestsPerSecond: 2,
      p95Ms: 4,
      cpuPercent: 1,
      memoryBytes: 5,
      connections: 6,
      eventLoopUtilization: 0.5,
      eventLoopDelayMs: 8,
    });
    const apps = [app({ requestsPerSecond: 7, p95Ms: null, cpuPercent: 12, memoryBytes: 9, connections: 3, workers: [own] }), app({ name: 'other' })];
    for (const history of histories) history.record(NOW * 1000, apps);
    expect(now(histories[0], null)).toEqual({ rps: 7, p95: null, cpu: 12, memory: 9, connections: 3, elu: null, delay: null });
    expect(now(histories[1], 3)).toEqual({ rps: 2, p95: 4, cpu: 1, memory: 5, connections: 6, elu: 0.5, delay: 8 });
    expect(now(histories[0], 3)).toEqual(Object.fromEntries(METRICS.map((metric) => [metric, null])));
    expect(histories[0].line('other', 'rps').values.every((value) => value === null)).toBe(true);
  });

  it('takes the worker that stands for a slot, and drops slots of which nothing is left', () => {
    const history = new History(ofSlots);
    const old = worker({ slot: 1, cpuPercent: 10 });
    history.record(NOW * 1000, [app({ workers: [old, worker({ slot: 1, state: 'starting', cpuPercent: 90 }), worker({ slot: 0 })] })]);
    expect(history.line('api', 'cpu', 1).values.at(-1)).toBe(10);
    history.record((NOW + 1) * 1000, [app({ workers: [old, worker({ slot: 1, cpuPercent: 20 })] })]);
    expect(history.line('api', 'cpu', 1).values.slice(-2)).toEqual([10, 20]);
    expect(history.slots).toEqual([0, 1]);
    history.record((NOW + POINTS) * 1000, [app({ workers: [old] })]);
    expect(history.slots).toEqual([1]);
    expect(history.line('api', 'cpu', 0).now).toBeNull();
  });
});
