import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Heartbeat } from '../../src/protocol/worker.ts';
import { startHeartbeat } from '../../src/worker/heartbeat.ts';
import { Traffic } from '../../src/worker/traffic.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('beats once a second with what it is busy with, each latency told once', () => {
  const traffic = new Traffic();
  const beats: Heartbeat[] = [];
  startHeartbeat(traffic, (beat) => beats.push(beat));
  traffic.requests = 7;
  traffic.latency[2] = 7;
  vi.advanceTimersByTime(999);
  expect(beats).toEqual([]);
  vi.advanceTimersByTime(2_001);
  expect(beats).toHaveLength(3);
  expect(beats.map(({ requests, latency }) => [requests, latency[2]])).toEqual([[7, 7], [7, 0], [7, 0]]);
  expect(beats[0]).toMatchObject({ connections: 0, requestsInFlight: 0, statusClasses: [0, 0, 0, 0, 0] });
  expect(beats[0]?.heapUsedBytes).toBeGreaterThan(1_000_000);
  expect(beats[0]?.eventLoopUtilization).toBeGreaterThanOrEqual(0);
  expect(beats[0]?.eventLoopUtilization).toBeLessThanOrEqual(1);
});
