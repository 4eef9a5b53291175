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
  readyAt: number | null;
  readonly end: WorkerEnd;
  kill(): void;
  readonly meter: { last: { requests: number } | null };
}

const workerOf = (changes: Partial<FakeWorker> = {}): FakeWorker => ({
  slot: 0,
  pid: 7,
  state: 'ready',
  uptimeMs: 0,
  readyAt: 0,
  end: new WorkerEnd(),
  kill: () => actions.push('SIGKILL'),
  meter: { last: { requests: 0 } },
  ...changes,
});
const real = (worker: FakeWorker): WorkerHandle => worker as unknown as WorkerHandle;

function limitsOf(spec: Partial<AppSpec>, workers: FakeWorker[] = []): Limits {
  return new Limits({
    pool: {
      spec: sampleSpec(spec),
      workers,
      wanted: 4,
      slot: (index: number) => ({ workers: workers.filter(({ slot }) => slot === index) }),
    } as unknown as Pool,
    recycler: { recycle: ({ pid }, stopReason, reason) => void actions.push(`recycle ${pid} (${stopReason}): ${reason}`) },
    abandon: ({ pid }, stopReason, reason) => actions.push(`abandon ${pid} (${stopReason}): ${reason}`),
    event: (...told: unknown[]) => void actions.push(told.slice(0, 2).join(': ')),
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
    expect(worker.end.facts({ code: null, signal: 'SIGKILL', at: 0, cwd: '/', heapLimitBytes: null }).cause).toBe(
      'killed: it used 250 MB, max_memory_kill is 200 MB',
    );
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

describe('a limit that every worker reaches soon after its start', () => {
  const workers: FakeWorker[] = [];
  let limits: Limits;
  let at: number;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    workers.length = 0;
    limits = limitsOf({ maxMemoryBytes: 20 * MB }, workers);
    at = performance.now();
  });

  /** Samples the worker, and its successors, every 500 ms. @returns when replacements were asked for. */
  function replacements(forMs: number, bytesAt: (ageMs: number) => number): number[] {
    const found: number[] = [];
    for (let ms = 0; ms < forMs; ms += 500) {
      if (workers.length === 0) workers.push(workerOf({ readyAt: performance.now() }));
      vi.advanceTimersByTime(500);
      const [worker] = workers as [FakeWorker];
      limits.sampled(real(worker), bytesAt(performance.now() - (worker.readyAt ?? 0)));
      if (actions.some((action) => action.startsWith('recycle'))) {
        found.push(Math.round((performance.now() - at) / 500) / 2);
        workers.length = 0;
      }
      notes.push(...actions.splice(0).filter((action) => !action.startsWith('recycle')));
    }
    return found;
  }
  const notes: string[] = [];

  it('is reached again later and later, and said to be too low', () => {
    expect(replacements(200_000, () => 43 * MB)).toEqual([0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 123.5, 183.5]);
    expect(notes[0]).toBe('limit-low: worker 0: max_memory_restart is too low: limit 20 MB, needs 43 MB; replaced 2 times in a row, again in 1.5 s');
    expect(limits.tooLow()).toEqual([
      { slot: 0, option: 'max_memory_restart', message: 'max_memory_restart is too low: limit 20 MB, needs 43 MB', inARow: 9, againInMs: expect.any(Number) },
    ]);
    limits.configure();
    expect(limits.tooLow(), 'with a new definition').toEqual([]);
  });

  it('is not one that a leak reaches after a while', () => {
    const leak = (ageMs: number): number => (ageMs / 1_000) * MB;
    expect(replacements(100_000, leak)).toEqual([20.5, 41, 61.5, 82]);
    expect(limits.tooLow()).toEqual([]);
  });

  it('is no longer one when a worker stays below it', () => {
    expect(replacements(6_000, () => 43 * MB)).toHaveLength(3);
    expect(limits.tooLow()).toHaveLength(1);
    replacements(12_000, () => 10 * MB);
    expect(limits.tooLow()).toEqual([]);
  });

  it.each([
    ['requests', { maxRequests: 10 }, /^max_requests is too low: limit 10, reached after 500 ms$/],
    ['lifetime', { maxLifetimeMs: 400 }, /^max_lifetime is too low: limit 0\.4 s$/],
  ] as const)('may also be one on %s', (_, spec, message) => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    limits = limitsOf({ ...spec, recycleJitter: 0 }, workers);
    const found: number[] = [];
    for (let ms = 0; ms < 20_000; ms += 500) {
      if (workers.length === 0) workers.push(workerOf({ readyAt: performance.now(), meter: { last: { requests: 10 } } }));
      vi.advanceTimersByTime(500);
      const [worker] = workers as [FakeWorker];
      worker.uptimeMs = performance.now() - (worker.readyAt ?? 0);
      limits.check(real(worker));
      if (actions.splice(0).some((action) => action.startsWith('recycle'))) {
        found.push(Math.round((performance.now() - at) / 500) / 2);
        workers.length = 0;
      }
    }
    expect(found).toEqual([0.5, 1.5, 3.5, 7.5, 15.5]);
    workers.push(workerOf({ readyAt: performance.now() }));
    expect(limits.tooLow()).toMatchObject([{ slot: 0, message: expect.stringMatching(message) as string, inARow: 5, againInMs: null }]);
  });
});
