import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Heartbeat, OpenCount } from '../../src/protocol/worker.ts';
import { HeartbeatSender } from '../../src/worker/heartbeat.ts';
import { Traffic } from '../../src/worker/traffic.ts';

const USE = { cpuMs: 1, rssBytes: 2, heapUsedBytes: 3, heapLimitBytes: 4, gcCount: 5, gcMs: 6, handles: 7 };
let traffic: Traffic;
let sender: HeartbeatSender;
let utilization: number;
let cpuMs: number;
let second: number;
/** Each beat with the second in which it was sent. */
let beats: { at: number; beat: Heartbeat }[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  utilization = 0;
  cpuMs = 0;
  vi.spyOn(performance, 'eventLoopUtilization').mockImplementation(() => ({ idle: 0, active: 0, utilization }));
  traffic = new Traffic();
  beats = [];
  second = 0;
  const openCount = (): OpenCount => ({ connections: traffic.connections, delivered: 0, accepted: 0 });
  sender = new HeartbeatSender({ traffic, openCount, cpuMs: () => cpuMs, use: () => USE, complete: (own) => own }, (beat) =>
    beats.push({ at: second, beat: { ...beat, statusClasses: [...beat.statusClasses] } }),
  );
  sender.start();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function passUntil(end: number): void {
  while (second < end) {
    second++;
    vi.advanceTimersByTime(1_000);
  }
}
const cameAt = (): number[] => beats.map(({ at }) => at);

/** Counts a completed request. */
function answered(): void {
  traffic.requests++;
  traffic.latency[2] = (traffic.latency[2] ?? 0) + 1;
  traffic.statusClasses[1] = (traffic.statusClasses[1] ?? 0) + 1;
}

describe('the heartbeat', () => {
  it('is first sent after one second, with all values', () => {
    utilization = 0.12345;
    answered();
    vi.advanceTimersByTime(999);
    expect(beats).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(beats.map(({ beat }) => beat)).toEqual([
      {
        span: { ms: 1_000, cpuMs: 0 },
        connections: 0,
        delivered: 0,
        accepted: 0,
        inspectorPort: process.debugPort,
        ownSigusr1: false,
        requestsInFlight: 0,
        kept: 0,
        requests: 1,
        statusClasses: [0, 1, 0, 0, 0],
        latency: traffic.latency.map((_, i) => (i === 2 ? 1 : 0)),
        latencySumMs: 0,
        bytesReceived: 0,
        bytesSent: 0,
        use: USE,
        loopDelay: null,
        eventLoopUtilization: 0.123,
        eventLoopDelayMs: 0,
      },
    ]);
  });

  it('is sent every second while requests are answered, and reports each latency once', () => {
    for (let end = 1; end <= 6; end++) {
      answered();
      passUntil(end);
    }
    expect(beats.map(({ at, beat }) => [at, beat.requests, beat.latency[2]])).toEqual([1, 2, 3, 4, 5, 6].map((n) => [n, n, 1]));
  });

  it('is sent every second while the event loop is busy, and once more when it no longer is', () => {
    utilization = 0.05;
    passUntil(4);
    expect(cameAt()).toEqual([1, 2, 3, 4]);
    utilization = 0.049;
    passUntil(10);
    expect(beats.slice(4).map(({ at, beat }) => [at, beat.eventLoopUtilization])).toEqual([
      [5, 0.049],
      [10, 0.049],
    ]);
  });

  it('is sent every fifth second while idle', () => {
    passUntil(16);
    expect(cameAt()).toEqual([1, 6, 11, 16]);
  });

  it('reports the rates of the last busy second, then once that they are zero', () => {
    passUntil(2);
    answered();
    answered();
    passUntil(9);
    expect(beats.map(({ at, beat }) => [at, beat.requests, beat.latency[2]])).toEqual([
      [1, 0, 0],
      [3, 2, 2],
      [4, 2, 0],
      [9, 2, 0],
    ]);
  });

  it('reports with the next beat that a connection opened or closed', () => {
    const server = Object.assign(new EventEmitter(), { _connections: 0 });
    traffic.servers.watch(server);
    passUntil(2);
    server._connections = 1;
    passUntil(3);
    server._connections = 0;
    passUntil(9);
    expect(beats.map(({ at, beat }) => [at, beat.connections])).toEqual([
      [1, 0],
      [3, 1],
      [4, 0],
      [9, 0],
    ]);
  });

  it('reports with the next beat that a request began or was lost, and is idle while one only waits', () => {
    const inFlight: (readonly [ServerResponse, number])[] = [];
    vi.spyOn(traffic, 'inFlight').mockImplementation(function* () {
      yield* inFlight;
    });
    passUntil(2);
    inFlight.push([{} as ServerResponse, 0]);
    passUntil(9);
    inFlight.pop();
    passUntil(15);
    expect(beats.map(({ at, beat }) => [at, beat.requestsInFlight])).toEqual([
      [1, 0],
      [3, 1],
      [8, 1],
      [10, 0],
      [15, 0],
    ]);
  });

  it('covers the time since the previous one, without the idle seconds before an event', () => {
    const spans: string[] = [];
    const spend = (seconds: number, cpuMsEach: number): void => {
      for (let n = 0; n < seconds; n++) {
        cpuMs += cpuMsEach;
        passUntil(second + 1);
      }
      spans.push(
        beats
          .splice(0)
          .map(({ at, beat: { span } }) => `${at}: ${span.cpuMs} of ${span.ms}`)
          .join(', '),
      );
    };
    spend(1, 300);
    spend(8, 20);
    answered();
    spend(1, 900);
    cpuMs += 40;
    vi.advanceTimersByTime(100);
    sender.flush();
    spend(0, 0);
    expect(spans).toEqual(['1: 300 of 1000', '6: 100 of 5000', '10: 900 of 1000', '10: 40 of 100']);
  });

  it('comes every 200 ms for two seconds from the first connection, and its first span begins there', () => {
    passUntil(1);
    vi.advanceTimersByTime(300);
    sender.begins();
    const spans = (): [number, number][] => beats.splice(0).map(({ beat: { span, requests } }) => [span.ms, requests]);
    spans();
    for (let n = 0; n < 10; n++) {
      answered();
      vi.advanceTimersByTime(200);
    }
    // The ordinary ones, at 2 s and 3 s, come between.
    expect(spans()).toEqual([
      [200, 1],
      [200, 2],
      [200, 3],
      [100, 4],
      [100, 4],
      [200, 5],
      [200, 6],
      [200, 7],
      [200, 8],
      [100, 9],
      [100, 9],
      [200, 10],
    ]);
    answered();
    vi.advanceTimersByTime(1_000);
    expect(spans()).toEqual([[700, 11]]);
  });

  it('comes at once when the worker leaves, and more often then', () => {
    passUntil(1);
    beats = [];
    answered();
    vi.advanceTimersByTime(300);
    sender.leaves();
    answered();
    vi.advanceTimersByTime(200);
    vi.advanceTimersByTime(400);
    expect(beats.map(({ beat: { span, requests } }) => [span.ms, requests])).toEqual([
      [300, 1],
      [200, 2],
      [200, 2],
    ]);
  });

  it('is sent once more at the end, with the latest counts', () => {
    passUntil(2);
    answered();
    sender.flush();
    expect(beats.map(({ at, beat }) => [at, beat.requests, beat.latency[2]])).toEqual([
      [1, 0, 0],
      [2, 1, 1],
    ]);
  });

  it('reports the event loop delay while busy, and does not measure it while idle', () => {
    const timers = (): number => vi.getTimerCount();
    passUntil(1);
    expect([timers(), beats.at(-1)?.beat.loopDelay]).toEqual([1, null]);
    utilization = 0.5;
    passUntil(3);
    expect(timers()).toBe(2);
    expect(beats.at(-1)?.beat.loopDelay).toEqual({ p50Ms: expect.any(Number), p99Ms: expect.any(Number), maxMs: expect.any(Number) });
    utilization = 0;
    passUntil(9);
    expect([timers(), beats.at(-1)?.beat.loopDelay]).toEqual([1, null]);
  });

  it('reports that an idle worker was blocked', () => {
    passUntil(2);
    const end = performance.now() + 60_000;
    vi.spyOn(performance, 'now').mockReturnValue(end);
    utilization = 0.9;
    passUntil(3);
    const { eventLoopDelayMs: late = 0, loopDelay } = beats.at(-1)?.beat ?? {};
    expect(late).toBeGreaterThan(50_000);
    expect(loopDelay).toEqual({ p50Ms: late, p99Ms: late, maxMs: late });
  });

  it('continues after a failed beat', () => {
    vi.spyOn(traffic, 'takeLatency').mockImplementationOnce(() => {
      throw new Error('broken');
    });
    passUntil(2);
    expect(cameAt()).toEqual([2]);
  });
});
