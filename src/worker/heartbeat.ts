import type { Heartbeat } from '../protocol/worker.ts';
import type { Traffic } from './traffic.ts';

const EVERY_MS = 1_000;

/** Sends one small message a second: alive, and what it is busy with. */
export function startHeartbeat(traffic: Traffic, send: (beat: Heartbeat) => void): void {
  let utilization = performance.eventLoopUtilization();
  let due = performance.now() + EVERY_MS;
  const beat = (): void => {
    const now = performance.now();
    const since = performance.eventLoopUtilization(utilization);
    utilization = performance.eventLoopUtilization();
    traffic.sweep();
    send({
      connections: traffic.connections.size,
      requestsInFlight: traffic.inFlight.size,
      requests: traffic.requests,
      statusClasses: traffic.statusClasses,
      latency: traffic.takeLatency(),
      eventLoopUtilization: Math.round(since.utilization * 1000) / 1000,
      eventLoopDelayMs: Math.max(0, Math.round(now - due)),
      heapUsedBytes: process.memoryUsage().heapUsed,
    });
    due = now + EVERY_MS;
  };
  setInterval(beat, EVERY_MS).unref();
}
