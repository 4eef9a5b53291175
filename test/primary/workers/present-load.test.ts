import { expect, it } from 'vitest';
import { presentLoad } from '../../../src/primary/workers/present-load.ts';

type Told = Parameters<typeof presentLoad>[0];

const LAST = { eventLoopUtilization: 0.4, eventLoopDelayMs: 2, loopDelay: { p50Ms: 0, p99Ms: 1, maxMs: 2 } };
const told = (more: object = {}, cpuPercent: number | null = 30): Told =>
  ({ idle: false, lastSignAt: 0, profile: { kind: null }, meter: { last: LAST, cpuPercent, requestsPerSecond: 7 }, ...more }) as unknown as Told;

it('is what the last heartbeat told', () => {
  expect(presentLoad(told(), 1_000)).toEqual({ utilization: 0.4, delayMs: 2, delay: LAST.loopDelay, requestsPerSecond: 7, cpu: 0.3 });
});

it('of a worker that cannot say so is that it is busy and late, and answers nothing', () => {
  const busy = { utilization: 1, delayMs: 3_000, delay: { p50Ms: 3_000, p99Ms: 3_000, maxMs: 3_000 }, requestsPerSecond: 0, cpu: 1 };
  expect(presentLoad(told(), 3_000)).toEqual(busy);
  expect(presentLoad(told({ idle: true }), 3_000).utilization, 'an idle one is silent for 5 s').toBe(0.4);
  expect(presentLoad(told({ idle: true }), 8_000)).toMatchObject({ utilization: 1, delayMs: 8_000 });
});

it('of a worker that was never heard of is nothing', () => {
  const meter = { last: null, cpuPercent: null, requestsPerSecond: 0 };
  expect(presentLoad(told({ meter }), 9_000)).toEqual({ utilization: 0, delayMs: 0, delay: null, requestsPerSecond: 0, cpu: null });
});

it('is no more than its CPU while that is profiled: the sampling keeps the event loop from sleeping', () => {
  const profiled = { profile: { kind: 'cpu' } };
  expect(presentLoad(told(profiled), 0).utilization).toBe(0.3);
  expect(presentLoad(told(profiled, 90), 0).utilization).toBe(0.4);
  expect(presentLoad(told(profiled, null), 0).utilization).toBe(0.4);
  expect(presentLoad(told({ profile: { kind: 'heap-sampling' } }), 0).utilization).toBe(0.4);
});
