import { expect, it } from 'vitest';
import { presentLoad } from '../../../src/primary/workers/present-load.ts';

type Told = Parameters<typeof presentLoad>[0];

const LAST = { eventLoopUtilization: 0.4, eventLoopDelayMs: 2, loopDelay: { p50Ms: 0, p99Ms: 1, maxMs: 2 } };
const worker = (more: object = {}, cpuPercent: number | null = 30): Told =>
  ({ idle: false, lastSignAt: 0, profile: { kind: null }, meter: { last: LAST, cpuPercent, requestsPerSecond: () => 7 }, ...more }) as unknown as Told;

it('is that of the last heartbeat', () => {
  expect(presentLoad(worker(), 1_000)).toEqual({ utilization: 0.4, delayMs: 2, delay: LAST.loopDelay, requestsPerSecond: 7, cpu: 0.3 });
});

it('of a silent worker is fully busy and delayed, without requests', () => {
  const busy = { utilization: 1, delayMs: 3_000, delay: { p50Ms: 3_000, p99Ms: 3_000, maxMs: 3_000 }, requestsPerSecond: 0, cpu: 1 };
  expect(presentLoad(worker(), 3_000)).toEqual(busy);
  expect(presentLoad(worker({ idle: true }), 3_000).utilization, 'an idle one is silent for 5 s').toBe(0.4);
  expect(presentLoad(worker({ idle: true }), 8_000)).toMatchObject({ utilization: 1, delayMs: 8_000 });
});

it('of a worker without any heartbeat is zero', () => {
  const meter = { last: null, cpuPercent: null, requestsPerSecond: () => 7 };
  expect(presentLoad(worker({ meter }), 9_000)).toEqual({ utilization: 0, delayMs: 0, delay: null, requestsPerSecond: 0, cpu: null });
});

it('is at most the CPU usage during a CPU profile, which keeps the event loop from sleeping', () => {
  const profiled = { profile: { kind: 'cpu' } };
  expect(presentLoad(worker(profiled), 0).utilization).toBe(0.3);
  expect(presentLoad(worker(profiled, 90), 0).utilization).toBe(0.4);
  expect(presentLoad(worker(profiled, null), 0).utilization).toBe(0.4);
  expect(presentLoad(worker({ profile: { kind: 'heap-sampling' } }), 0).utilization).toBe(0.4);
});
