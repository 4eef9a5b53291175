import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Sampler } from '../../../src/primary/watch/sampler.ts';
import { AppCounters } from '../../../src/primary/workers/app-counters.ts';
import type { Pool } from '../../../src/primary/workers/pool.ts';
import { WorkerMeter } from '../../../src/primary/workers/worker-meter.ts';
import type { ProcessUsage } from '../../../src/system/usage.ts';

interface FakeWorker {
  readonly pid: number;
  readonly meter: WorkerMeter;
}

let workers: FakeWorker[];
let asked: (readonly number[])[];
let told: number[];
let sampler: Sampler;
let limited: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  [workers, asked, told, limited] = [[], [], [], false];
  const usage = {
    sample(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
      asked.push(pids);
      return Promise.resolve(new Map(pids.map((pid) => [pid, { cpuMs: 1, memoryBytes: pid * 10 }])));
    },
    forget(): void {},
  };
  const limits = {
    get onMemory(): boolean {
      return limited;
    },
    sampled: (_: object, memoryBytes: number): void => void told.push(memoryBytes),
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
  const worker = { pid, meter: new WorkerMeter(new AppCounters(), 0, false) };
  worker.meter.reports = () => reports;
  workers.push(worker);
  return worker;
}

it('reads nothing by itself without a limit, and of all workers each second with one', async () => {
  add(1, true);
  add(2, false);
  limit(false);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asked).toEqual([]);
  limit(true);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([asked, told]).toEqual([
    [
      [1, 2],
      [1, 2],
    ],
    [10, 20, 10, 20],
  ]);
  limit(false);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asked).toHaveLength(2);
});

it('reads of those that do not tell themselves when somebody looks, at most once a second', async () => {
  add(1, true);
  const silent = add(2, false);
  await sampler.refresh();
  expect([asked, silent.meter.memoryBytes]).toEqual([[[2]], 20]);
  await sampler.refresh();
  expect(asked).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  await sampler.refresh();
  expect(asked).toHaveLength(2);
});

it('does not read for nothing', async () => {
  add(1, true);
  await sampler.refresh();
  expect(asked).toEqual([]);
});
