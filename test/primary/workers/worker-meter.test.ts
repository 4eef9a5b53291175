import { expect, it } from 'vitest';
import { AppCounters } from '../../../src/primary/workers/app-counters.ts';
import { WorkerMeter } from '../../../src/primary/workers/worker-meter.ts';
import { heartbeat } from '../fake-workers.ts';

it('rates are of the time that a heartbeat stands for, not of the idle time before it', () => {
  const counters = new AppCounters();
  const meter = new WorkerMeter(counters, 0, false);
  const rates = (requests: number, at: number, span: { ms: number; cpuMs: number }, cpuMs: number): unknown => {
    meter.add(heartbeat({ requests, statusClasses: [0, requests, 0, 0, 0], span, use: { ...heartbeat({}).use, cpuMs } }), at);
    return [meter.requestsPerSecond, meter.cpuPercent];
  };
  expect(rates(50, 1_000, { ms: 1_000, cpuMs: 300 }, 300), 'the first one').toEqual([50, 30]);
  expect(rates(50, 6_000, { ms: 5_000, cpuMs: 50 }, 350), 'idle').toEqual([0, 1]);
  expect(rates(250, 10_000, { ms: 1_000, cpuMs: 800 }, 1_180), 'a burst').toEqual([200, 80]);
  expect(rates(250, 11_000, { ms: 1_000, cpuMs: 1 }, 1_181)).toEqual([0, 0.1]);
  expect(counters.totals({ malformed: 0 })).toMatchObject({ answers: [0, 250, 0, 0, 0], cpuMs: 1_181 });
});
