import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Sampler } from '../../../src/primary/watch/sampler.ts';
import { AppCounters } from '../../../src/primary/workers/app-counters.ts';
import type { Pool } from '../../../src/primary/workers/pool.ts';
import { WorkerMeter } from '../../../src/primary/workers/worker-meter.ts';
import type { ProcessUsage } from '../../../src/system/tree-usage.ts';

interface FakeWorker {
  readonly pid: number;
  readonly meter: WorkerMeter;
  readonly channel: { readonly countsTree: boolean };
}

let workers: FakeWorker[];
let queries: (readonly number[])[];
let samples: number[];
let sampler: Sampler;
let limited: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  [workers, queries, samples, limited] = [[], [], [], false];
  const usage = {
    sample(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
      queries.push(pids);
      return Promise.resolve(new Map(pids.map((pid) => [pid, { cpuMs: 1, memoryBytes: pid * 10 }])));
    },
    ofTree: () => null,
    forget(): void {},
  };
  const limits = {
    get onMemory(): boolean {
      return limited;
    },
    sampled: (_: object, memoryBytes: number): void => void samples.push(memoryBytes),
  };
  sampler = new Sampler({ usage, limits, pool: { workers } as unknown as Pool });
});
afterEach(() => {
  sampler.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function limit(on: boolean): void {
  limited = on;
  sampler.onSpecChanged();
}

function add(pid: number, reports: boolean): FakeWorker {
  const worker = { pid, meter: new WorkerMeter(new AppCounters(), 0), channel: { countsTree: false } };
  worker.meter.reports = () => reports;
  workers.push(worker);
  return worker;
}

it('samples all workers every second with a memory limit, and none without', async () => {
  add(1, true);
  add(2, false);
  limit(false);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(queries).toEqual([]);
  limit(true);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([queries, samples]).toEqual([
    [
      [1, 2],
      [1, 2],
    ],
    [10, 20, 10, 20],
  ]);
  limit(false);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(queries).toHaveLength(2);
});

it('samples workers without heartbeats on demand, at most once a second', async () => {
  add(1, true);
  const silent = add(2, false);
  await sampler.refresh();
  expect([queries, silent.meter.memoryBytes]).toEqual([[[2]], 20]);
  await sampler.refresh();
  expect(queries).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  await sampler.refresh();
  expect(queries).toHaveLength(2);
});

it('does not sample without workers', async () => {
  add(1, true);
  await sampler.refresh();
  expect(queries).toEqual([]);
});
