import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../../src/lifecycle/app-spec.ts';
import type { WorkerState } from '../../../src/lifecycle/states.ts';
import { Limits } from '../../../src/primary/watch/limits.ts';
import type { Pool } from '../../../src/primary/workers/pool.ts';
import { WorkerEnd } from '../../../src/primary/workers/worker-end.ts';
import type { WorkerHandle } from '../../../src/primary/workers/worker-handle.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';

const MB = 1024 ** 2;
const actions: string[] = [];

interface FakeWorker {
  readonly slot: number;
  readonly pid: number;
  state: WorkerState;
  uptimeMs: number;
  readonly end: WorkerEnd;
  kill(): void;
  readonly meter: { last: { requests: number } | null };
}

const workerOf = (changes: Partial<FakeWorker> = {}): FakeWorker => ({
  slot: 0,
  pid: 7,
  state: 'ready',
  uptimeMs: 0,
  end: new WorkerEnd(),
  kill: () => actions.push('SIGKILL'),
  meter: { last: { requests: 0 } },
  ...changes,
});
const real = (worker: FakeWorker): WorkerHandle => worker as unknown as WorkerHandle;

function limitsOf(spec: Partial<AppSpec>, workers: FakeWorker[] = []): Limits {
  return new Limits({
    pool: { spec: sampleSpec(spec), workers, wanted: 4 } as unknown as Pool,
    recycler: { recycle: ({ pid }, stopReason, reason) => void actions.push(`recycle ${pid} (${stopReason}): ${reason}`) },
    abandon: ({ pid }, stopReason, reason) => actions.push(`abandon ${pid} (${stopReason}): ${reason}`),
  });
}

beforeEach(() => {
  actions.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('memory', () => {
  const both = { maxMemoryBytes: 100 * MB, maxMemoryKillBytes: 200 * MB };

  it('recycles above the soft limit, abandons and kills above the hard one', () => {
    const limits = limitsOf(both);
    const worker = workerOf();
    limits.sampled(real(worker), 100 * MB);
    expect(actions.splice(0)).toEqual([]);
    limits.sampled(real(worker), 150 * MB);
    expect(actions.splice(0)).toEqual(['recycle 7 (memory): it uses 150 MB, the limit is 100 MB']);
    limits.sampled(real(worker), 250 * MB);
    expect(actions).toEqual(['abandon 7 (memory-kill): it uses 250 MB, max_memory_kill is 200 MB', 'SIGKILL']);
    expect(worker.end.facts({ code: null, signal: 'SIGKILL', at: 0, cwd: '/' }).cause).toBe('killed: it used 250 MB, max_memory_kill is 200 MB');
  });

  it.each([
    ['ejected', 2],
    ['starting', 0],
    ['draining', 0],
    ['stopping', 0],
    ['exited', 0],
  ] as const)('of a worker that is %s', (state, steps) => {
    limitsOf(both).sampled(real(workerOf({ state })), 250 * MB);
    expect(actions).toHaveLength(steps);
  });

  it('is sampled often only where there is a limit', () => {
    expect([limitsOf({}), limitsOf({ maxMemoryBytes: MB }), limitsOf({ maxMemoryKillBytes: MB })].map(({ onMemory }) => onMemory)).toEqual([false, true, true]);
  });
});

describe('requests and age', () => {
  it('each worker keeps its limit, and slots have different ones', () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const limits = limitsOf({ maxRequests: 1_000, recycleJitter: 0.4 });
    const [first, last] = [workerOf(), workerOf({ slot: 3, pid: 8 })];
    const reach = (requests: number): string[] => {
      for (const worker of [first, last]) {
        worker.meter.last = { requests };
        limits.check(real(worker));
      }
      return actions.splice(0);
    };
    expect(reach(1_024)).toEqual([]);
    random.mockReturnValue(0);
    expect(reach(1_025)).toEqual(['recycle 7 (requests): it served 1025 requests, its limit is 1025']);
    expect(reach(1_324)).toHaveLength(1);
    expect(reach(1_325)).toHaveLength(2);
  });

  it('lifetime is checked every second until stopped', () => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const worker = workerOf({ meter: { last: null } });
    const limits = limitsOf({ maxLifetimeMs: 60_000 }, [worker]);
    limits.configure();
    vi.advanceTimersByTime(1_000);
    worker.uptimeMs = 60_000;
    vi.advanceTimersByTime(1_000);
    expect(actions.splice(0)).toEqual(['recycle 7 (lifetime): it reached its max_lifetime of 60 s']);
    limits.stop();
    vi.advanceTimersByTime(5_000);
    expect(actions).toEqual([]);
  });

  it.each(['starting', 'draining', 'stopping', 'exited'] as const)('are nothing to a worker that is %s', (state) => {
    limitsOf({ maxRequests: 1, maxLifetimeMs: 1 }).check(real(workerOf({ state, uptimeMs: 1e9 })));
    expect(actions).toEqual([]);
  });
});
