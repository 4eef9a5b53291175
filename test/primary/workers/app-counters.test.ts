import { expect, it } from 'vitest';
import { AppCounters } from '../../../src/primary/workers/app-counters.ts';
import { WorkerMeter } from '../../../src/primary/workers/worker-meter.ts';
import type { Heartbeat } from '../../../src/protocol/worker.ts';
import { heartbeat } from '../fake-workers.ts';

const beat = (requests: number, changes: Partial<Heartbeat> = {}): Heartbeat =>
  heartbeat({
    delivered: requests,
    requests,
    statusClasses: [0, requests, 0, 0, 1],
    latency: [1, 2],
    latencySumMs: requests * 10,
    bytesReceived: requests * 100,
    bytesSent: requests * 1000,
    use: { cpuMs: requests * 2, rssBytes: 50, heapUsedBytes: 1, heapLimitBytes: 2, gcCount: requests, gcMs: requests / 2, handles: 3 },
    ...changes,
  });

it('adds the difference between heartbeats, over all workers of a slot', () => {
  const counters = new AppCounters();
  const first = new WorkerMeter(counters, 0);
  first.add(beat(3), 1_000);
  first.add(beat(5), 2_000);
  new WorkerMeter(counters, 0).add(beat(2), 3_000);
  new WorkerMeter(counters, 1).add(beat(1), 3_000);
  // The last heartbeat of an exited worker arrives late.
  first.add(beat(6), 3_500);
  const totals = counters.totals({ malformed: 2 });
  expect(totals).toMatchObject({
    answers: [0, 9, 0, 0, 3],
    bytesReceived: 900,
    bytesSent: 9_000,
    cpuMs: 18,
    gcCount: 9,
    gcMs: 4.5,
    latencySumMs: 90,
    proxyRejections: { malformed: 2 },
    slots: { 0: { answers: [0, 8, 0, 0, 2], bytesSent: 8_000 }, 1: { answers: [0, 1, 0, 0, 1] } },
  });
  expect(totals.latency.slice(0, 3)).toEqual([5, 10, 0]);
});

it('counts connections when they are taken, and those that workers accept themselves from heartbeats', () => {
  const counters = new AppCounters();
  const fed = new WorkerMeter(counters, 0);
  fed.took(1, 100);
  fed.refuse();
  fed.add(beat(7), 1_000);
  const accepting = new WorkerMeter(counters, 1);
  accepting.took(1, 100);
  accepting.add(beat(7, { accepted: 7 }), 1_000);
  accepting.add(beat(9, { accepted: 9 }), 2_000);
  expect([fed.accepted, accepting.accepted]).toEqual([1, 10]);
  expect(counters.totals({})).toMatchObject({ accepted: 11, refused: 1, slots: { 0: { accepted: 1, refused: 1 }, 1: { accepted: 10, refused: 0 } } });
});

it('counts exits by cause', () => {
  const counters = new AppCounters();
  counters.exited({ stopReason: 'reload', code: 0, signal: null });
  counters.exited({ stopReason: null, code: 0, signal: null });
  counters.exited({ stopReason: null, code: 1, signal: null });
  counters.exited({ stopReason: null, code: null, signal: 'SIGKILL' });
  counters.exited({ stopReason: null, code: null, signal: 'SIGSEGV' });
  expect(counters.totals({}).exits).toEqual({ reload: 1, exited: 1, crashed: 1, killed: 2 });
});

it('takes CPU and memory from heartbeats, and from outside when there are none', () => {
  const meter = new WorkerMeter(new AppCounters(), 0);
  meter.sampled({ cpuMs: 900, memoryBytes: 7 }, 7_000);
  expect([meter.cpuPercent, meter.memoryBytes]).toEqual([null, 7]);
  meter.add(beat(0), 8_000);
  meter.add(beat(100, { span: { ms: 1_000, cpuMs: 200 } }), 9_000);
  meter.sampled({ cpuMs: 210, memoryBytes: 7 }, 10_000);
  expect([meter.cpuPercent, meter.memoryBytes, meter.reports(10_000)]).toEqual([20, 7, true]);
  meter.sampled({ cpuMs: 200 + 5_000, memoryBytes: 8 }, 19_000);
  expect([meter.cpuPercent, meter.memoryBytes, meter.reports(19_000)]).toEqual([50, 8, false]);
});
