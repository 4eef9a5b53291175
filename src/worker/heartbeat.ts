import type { Heartbeat, OpenCount } from '../protocol/worker.ts';
import type { Traffic } from './traffic.ts';

const EVERY_MS = 1_000;
/** Beats in a row that may be left out while nothing happens: each one wakes the primary. */
const IDLE_BEATS = 5;
const IDLE_UTILIZATION = 0.05;

/** Sends one small message a second, every fifth while idle: alive, and what it is busy with. */
export function startHeartbeat(traffic: Traffic, openCount: () => OpenCount, send: (beat: Heartbeat) => void): void {
  let utilization = performance.eventLoopUtilization();
  let due = performance.now() + EVERY_MS;
  let sent: Heartbeat | null = null;
  let leftOut = 0;
  const beat = (): void => {
    const now = performance.now();
    const eventLoopDelayMs = Math.max(0, Math.round(now - due));
    due = now + EVERY_MS;
    const current = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(current, utilization);
    utilization = current;
    const latency = traffic.takeLatency();
    let requestsInFlight = 0;
    for (const _ of traffic.inFlight()) requestsInFlight++;
    const next: Heartbeat = {
      ...openCount(),
      requestsInFlight,
      requests: traffic.requests,
      statusClasses: traffic.statusClasses,
      latency,
      eventLoopUtilization: Math.round(since.utilization * 1000) / 1000,
      eventLoopDelayMs,
      // With the argument we start it with, the port is 0 until an inspector is open.
      inspectorPort: process.debugPort === 0 ? null : process.debugPort,
      ownSigusr1: process.listenerCount('SIGUSR1') > 0,
    };
    if (sent !== null && isIdle(sent, next) && ++leftOut < IDLE_BEATS) return;
    sent = { ...next, statusClasses: [...next.statusClasses] };
    leftOut = 0;
    send(next);
  };
  setInterval(() => {
    try {
      beat();
    } catch {
      // Whatever is wrong, it is not the app's fault: the next beat may do better.
    }
  }, EVERY_MS).unref();
}

/** Nothing that the primary does not know already, its zero rates included. */
function isIdle(before: Heartbeat, now: Heartbeat): boolean {
  const quiet = (beat: Heartbeat): boolean => beat.latency.every((n) => n === 0) && beat.eventLoopUtilization < IDLE_UTILIZATION;
  return (
    quiet(before) &&
    quiet(now) &&
    before.requests === now.requests &&
    before.connections === now.connections &&
    before.delivered === now.delivered &&
    before.inspectorPort === now.inspectorPort &&
    before.requestsInFlight === now.requestsInFlight
  );
}
