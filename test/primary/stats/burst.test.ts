import { afterEach, expect, it, vi } from 'vitest';
import { History } from '../../../src/metrics/history.ts';
import { StatsFeed } from '../../../src/primary/stats/stats-feed.ts';
import { AppCounters } from '../../../src/primary/workers/app-counters.ts';
import { WorkerMeter } from '../../../src/primary/workers/worker-meter.ts';
import type { Heartbeat } from '../../../src/protocol/worker.ts';
import { now } from '../../../src/system/clock.ts';
import { HeartbeatSender } from '../../../src/worker/heartbeat.ts';
import { Traffic } from '../../../src/worker/traffic.ts';
import { app } from '../../client/samples.ts';
import { heartbeat } from '../fake-workers.ts';

const { use } = heartbeat({});

/** The whole path from the workers' requests to the daemon's history. */
class Chain {
  readonly history = new History();
  readonly #traffics: Traffic[] = [];
  readonly #meters: WorkerMeter[] = [];
  readonly #feed = new StatsFeed({
    stats: () => ({ ...app(), requestsPerSecond: this.#meters.reduce((sum, meter) => sum + meter.requestsPerSecond(now()), 0) }),
    idle: () => this.#meters.every((meter) => meter.idle),
    send: (stats) => this.history.record(now(), stats),
  });

  /** @param lateMs how late its timer fires each time. */
  addWorker(lateMs: number): void {
    const { setInterval } = globalThis;
    vi.spyOn(globalThis, 'setInterval').mockImplementationOnce((look, ms) => setInterval(look, (ms ?? 0) + lateMs));
    const traffic = new Traffic();
    const meter = new WorkerMeter(new AppCounters(), this.#meters.length);
    this.#traffics.push(traffic);
    this.#meters.push(meter);
    const send = (beat: Heartbeat): void => {
      meter.add(beat, now());
      this.#feed.onBeat();
    };
    new HeartbeatSender(
      { traffic, openCount: () => ({ connections: 0, delivered: 0, accepted: 0 }), cpuMs: () => 0, use: () => use, complete: (own) => own },
      send,
    ).start();
  }

  answer(slot: number, requests: number): void {
    const traffic = this.#traffics[slot];
    if (traffic === undefined) return;
    traffic.requests += requests;
    traffic.latency[2] = (traffic.latency[2] ?? 0) + requests;
  }
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it.each([1, 2, 4])('the history shows bursts after idle time with their true height and length, with %i workers', (count) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'] });
  vi.spyOn(performance, 'eventLoopUtilization').mockReturnValue({ idle: 0, active: 0, utilization: 0 });
  const chain = new Chain();
  for (let slot = 0; slot < count; slot++) {
    chain.addWorker(1 + slot);
    vi.advanceTimersByTime(270);
  }
  const BURSTS = 20;
  // Bursts and heartbeats drift apart.
  for (let burst = 0; burst < BURSTS; burst++) {
    vi.advanceTimersByTime(9_130);
    for (let slot = 0; slot < count; slot++) chain.answer(slot, 100);
  }
  vi.advanceTimersByTime(9_000);
  const seconds = chain.history.app('rps', '1s', now()).values.filter((value) => value !== null && value > 0);
  // A value reported at the very end of a second also stands for the next one, if that is skipped.
  const requests = seconds.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  expect(Math.abs(requests / (BURSTS * 100 * count) - 1)).toBeLessThan(0.1);
  expect(seconds.length).toBeLessThan(BURSTS * 2.2);
});
