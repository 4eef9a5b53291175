import { describe, expect, it } from 'vitest';
import { emptyBuckets } from '../../../src/metrics/latency.ts';
import { LoadHistory } from '../../../src/primary/scaling/load-history.ts';
import { AppCounters } from '../../../src/primary/workers/app-counters.ts';
import type { WorkerHandle } from '../../../src/primary/workers/worker-handle.ts';
import type { Heartbeat } from '../../../src/protocol/worker.ts';

interface Load {
  readonly elu?: number;
  readonly cpuPercent?: number;
  readonly idle?: boolean;
  readonly lastSignAt?: number;
  readonly delayMs?: number;
}

function worker({ elu = 0.5, cpuPercent = 50, idle = false, lastSignAt = 0, delayMs }: Load): WorkerHandle {
  const last = { eventLoopUtilization: elu, loopDelay: delayMs === undefined ? null : { p50Ms: delayMs, p99Ms: 1e6, maxMs: 1e6 } };
  return { idle, lastSignAt, meter: { last, cpuPercent, requestsPerSecond: () => 100 }, profile: { kind: null } } as unknown as WorkerHandle;
}

const counters = new AppCounters();
const facts = { counters, requestsPerSecond: 200, queued: 0, at: 0, keptMs: 10_000 };

/** Adds a heartbeat with this many requests in a latency bucket. */
function answered(app: AppCounters, bucket: number, count: number): void {
  const beat = {
    statusClasses: [],
    bytesReceived: 0,
    bytesSent: 0,
    latencySumMs: 0,
    use: { cpuMs: 0, gcCount: 0, gcMs: 0 },
    latency: emptyBuckets().map((_, i) => (i === bucket ? count : 0)),
  };
  app.beat(app.slot(0), null, beat as unknown as Heartbeat);
}

describe('LoadHistory', () => {
  it('has the averages of the workers that share the load, and the requests of the whole app', () => {
    const history = new LoadHistory();
    history.add([worker({ elu: 0.2, cpuPercent: 30 }), worker({ elu: 0.6, cpuPercent: 70 })], facts);
    expect(history.samples).toEqual([{ at: 0, ready: 2, elu: 0.4, cpu: 0.5, requestsPerSecond: 200, p95Ms: null, answers: 0, queued: 0 }]);
  });

  it('counts a silent worker that was not idle as busy', () => {
    const history = new LoadHistory();
    history.add([worker({ elu: 0.1 }), worker({ elu: 0.1, idle: true })], { ...facts, at: 3_000 });
    expect(history.samples).toMatchObject([{ elu: 0.55, cpu: 0.75 }]);
  });

  it('has the response times of each second separately', () => {
    const app = new AppCounters();
    const history = new LoadHistory();
    answered(app, 12, 1_000);
    history.add([], { ...facts, counters: app });
    answered(app, 0, 20);
    history.add([], { ...facts, counters: app, at: 1_000 });
    answered(app, 0, 10);
    answered(app, 6, 10);
    history.add([], { ...facts, counters: app, at: 2_000 });
    expect(history.samples.map(({ answers }) => answers)).toEqual([0, 20, 20]);
    expect(history.samples[1]?.p95Ms).toBeLessThanOrEqual(1);
    expect(history.samples[2]?.p95Ms).toBeGreaterThan(50);
  });

  it('adds the event loop delay before a request was read to its response time', () => {
    const app = new AppCounters();
    const history = new LoadHistory();
    history.add([], { ...facts, counters: app });
    answered(app, 0, 20);
    history.add([worker({ delayMs: 60 }), worker({ delayMs: 40 }), worker({})], { ...facts, counters: app, at: 1_000 });
    expect(history.samples[1]?.p95Ms).toBeGreaterThan(100 / 3);
    expect(history.samples[1]?.p95Ms).toBeLessThan(100 / 3 + 1);
  });

  it('keeps only the requested period', () => {
    const history = new LoadHistory();
    for (let second = 0; second < 100; second++) history.add([], { ...facts, at: second * 1000 });
    expect(history.samples.map(({ at }) => at / 1000)).toEqual([89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
    history.clear();
    expect(history.samples).toEqual([]);
  });
});
