import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { History } from '../../src/metrics/history.ts';
import { APP_METRICS, SLOT_METRICS } from '../../src/protocol/history.ts';
import type { AppStats } from '../../src/protocol/stats.ts';
import { app, worker } from '../client/samples.ts';

const stats = (changes: Partial<AppStats>): AppStats => ({ ...app(), ...changes });
const last = (values: readonly (number | null)[], n: number): readonly (number | null)[] => values.slice(-n);

it('keeps seconds, tens of seconds and minutes of the same', () => {
  const history = new History();
  for (let second = 0; second < 180; second++) history.record(second * 1_000, stats({ requestsPerSecond: second }));
  const now = 179_999;
  expect(history.app('rps', '1s', now)).toMatchObject({ fromMs: 0, stepMs: 1_000 });
  expect(last(history.app('rps', '1s', now).values, 3)).toEqual([177, 178, 179]);
  expect(last(history.app('rps', '10s', now).values, 2)).toEqual([164.5, 174.5]);
  expect(history.app('rps', '1m', now)).toEqual({ fromMs: 0, stepMs: 60_000, values: [29.5, 89.5, 149.5] });
});

it('lets the last value go on for as long as an idle app is silent, and no longer', () => {
  const history = new History();
  history.record(950, stats({ connections: 7 }));
  history.record(6_100, stats({ connections: 9, p95Ms: null }));
  expect(history.app('connections', '1s', 6_100).values).toEqual([7, 7, 7, 7, 7, 7, 9]);
  expect(history.app('p95', '1s', 6_100).values.at(-1)).toBeNull();
  const silent = history.app('connections', '1s', 20_000).values;
  expect(silent.slice(6)).toEqual([...Array<number>(11).fill(9), null, null, null, null]);
  history.record(30_000, stats({ connections: 1 }));
  expect(last(history.app('connections', '1s', 30_000).values, 14)).toEqual([...Array<null>(13).fill(null), 1]);
});

it('keeps each slot by the worker that stands for it, and forgets slots that are no more', () => {
  const history = new History();
  const both = [worker({ slot: 0, cpuPercent: 10 }), worker({ slot: 0, pid: 2, state: 'starting', cpuPercent: 90 }), worker({ slot: 1, cpuPercent: null })];
  history.record(0, stats({ workers: both, instances: 2 }));
  expect(history.slot(0, 'cpu', '1s', 0)?.values).toEqual([10]);
  expect(history.slot(1, 'cpu', '1s', 0)?.values).toEqual([null]);
  history.record(1_000, stats({ workers: both.slice(0, 1), instances: 1 }));
  expect(history.slot(1, 'cpu', '1s', 1_000)).toBeNull();
});

it('keeps each number under its own name', () => {
  const history = new History();
  const common = { cpuPercent: 1, memoryBytes: 2, requestsPerSecond: 3, p95Ms: 5, connections: 8 };
  const ofSlot = worker({ ...common, eventLoopUtilization: 10, eventLoopDelayMs: 11 });
  history.record(0, stats({ ...common, p50Ms: 4, p99Ms: 6, errorRate: 7, ready: 9, workers: [ofSlot] }));
  const app = APP_METRICS.map((metric) => [metric, history.app(metric, '1s', 0).values[0]]);
  const slot = SLOT_METRICS.map((metric) => [metric, history.slot(0, metric, '1s', 0)?.values[0]]);
  expect(Object.fromEntries(app)).toEqual({ cpu: 1, memory: 2, rps: 3, p50: 4, p95: 5, p99: 6, errors: 7, connections: 8, ready: 9 });
  expect(Object.fromEntries(slot)).toEqual({ cpu: 1, memory: 2, elu: 10, delay: 11, rps: 3, p95: 5, connections: 8 });
});

it('takes at most 0.72 MB for a day of an app with 8 workers, which is 36 MB for 50, and not more after another day', () => {
  const APPS = 10;
  const workers = Array.from({ length: 8 }, (_, slot) => worker({ slot }));
  const sample = stats({ workers, instances: 8 });
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const bytes = (): number => {
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const before = bytes();
  const histories = Array.from({ length: APPS }, () => new History());
  const record = (fromHour: number, toHour: number): void => {
    for (let at = fromHour * 3_600_000; at < toHour * 3_600_000; at += 1_200_000) for (const history of histories) history.record(at, sample);
  };
  record(0, 24);
  const afterADay = bytes() - before;
  expect(afterADay / APPS).toBeGreaterThan(0.3e6);
  expect(afterADay / APPS).toBeLessThan(0.72e6);
  record(24, 48);
  expect(bytes() - before).toBeLessThanOrEqual(afterADay);
});

it('adds up the traffic of all workers of a slot, also of those that have just exited', () => {
  const history = new History();
  const workers = [worker({ state: 'draining', requestsPerSecond: 30, connections: 4 }), worker({ pid: 2, requestsPerSecond: 50, connections: 6 })];
  history.record(
    0,
    app({
      workers,
      departed: [
        { slot: 0, requestsPerSecond: 20 },
        { slot: 1, requestsPerSecond: 5 },
      ],
    }),
  );
  expect([history.slot(0, 'rps', '1s', 0)?.values, history.slot(0, 'connections', '1s', 0)?.values]).toEqual([[100], [10]]);
});
