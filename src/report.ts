/**
 * Self-reports for apps. Without a supervisor, under plain Node.js, the calls do nothing. You can also do without this module:
 * `process.send({ lb: 'drain', reason: '…' })`.
 */
import type { SelfReport } from './protocol/self-report.ts';

/** Takes connections again or, with `wait_ready`, for the first time. */
export function ready(): void {
  send({ lb: 'ready' });
}

/** Takes no new connections until `ready()`; open ones continue. */
export function drain(reason = 'asked by the app'): void {
  send({ lb: 'drain', reason });
}

/** Counts as unhealthy, as if its checks had failed, until `ready()`. */
export function down(reason = 'asked by the app'): void {
  send({ lb: 'down', reason });
}

/** Changes the weight for new connections, 0 to 256; null restores the configured one. */
export function weight(value: number | null): void {
  send({ lb: 'weight', value });
}

function send(report: SelfReport): void {
  if (process.connected) process.send?.(report);
}
