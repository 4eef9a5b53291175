import { expect, it } from 'vitest';
import { AppCounters } from '../../../src/primary/workers/app-counters.ts';
import { WorkerMeter } from '../../../src/primary/workers/worker-meter.ts';
import { heartbeat } from '../fake-workers.ts';

it('rates cover the span of a heartbeat, not the idle time before it', () => {
  const counters = new AppCounters();
  const meter = new WorkerMeter(counters, 0);
  const rates = (requests: number, at: number, span: { ms: number; cpuMs: number }, cpuMs: number): unknown => {
    meter.add(heartbeat({ requests, statusClasses: [0, requests, 0, 0, 0], span, use: { ...heartbeat({}).use, cpuMs } }), at);
    return [meter.requestsPerSecond(at), meter.cpuPercent];
  };
  expect(rates(50, 1_000, { ms: 1_000, cpuMs: 300 }, 300), 'the first one').toEqual([50, 30]);
  expect(rates(50, 6_000, { ms: 5_000, cpuMs: 50 }, 350), 'idle').toEqual([0, 1]);
  expect(rates(250, 10_000, { ms: 1_000, cpuMs: 800 }, 1_180), 'a burst').toEqual([200, 80]);
  expect(rates(250, 11_000, { ms: 1_000, cpuMs: 1 }, 1_181)).toEqual([0, 0.1]);
  expect(counters.totals({ malformed: 0 })).toMatchObject({ answers: [0, 250, 0, 0, 0], cpuMs: 1_181 });
});

it('percentiles and errors cover the last 10 s, even without new heartbeats', () => {
  const meter = new WorkerMeter(new AppCounters(), 0);
  const tell = (requests: number, at: number, latency: readonly number[] = []): void =>
    meter.add(heartbeat({ requests, statusClasses: [0, requests - requests / 10, 0, 0, requests / 10], latency }), at);
  tell(100, 1_000, [100]);
  tell(150, 6_000, [0, 50]);
  const recent = (at: number): unknown => [meter.recentAnswers(at), meter.recentLatency(at).slice(0, 2)];
  expect(recent(10_999)).toEqual([{ answers: 150, serverErrors: 15 }, [100, 50]]);
  expect(recent(11_000)).toEqual([{ answers: 50, serverErrors: 5 }, [0, 50]]);
  tell(150, 11_000);
  expect(recent(15_999)).toEqual([{ answers: 50, serverErrors: 5 }, [0, 50]]);
  expect(recent(16_000)).toEqual([{ answers: 0, serverErrors: 0 }, [0, 0]]);
});
