/**
 * For apps: what a worker tells its supervisor about itself. Without one (the app runs under plain Node) the calls do
 * nothing, so they can stay in the code. The same without this module: `process.send({ lb: 'drain', reason: '…' })`.
 */
import type { SelfReport } from './protocol/self-report.ts';

/** Takes connections again, or for the first time (`wait_ready`). */
export function ready(): void {
  send({ lb: 'ready' });
}

/** No new connections, until `ready()`; those that are open go on. */
export function drain(reason = 'asked by the app'): void {
  send({ lb: 'drain', reason });
}

/** Unhealthy, as if the checks had failed, until `ready()`. */
export function down(reason = 'asked by the app'): void {
  send({ lb: 'down', reason });
}

/** Another share of the connections, 0 to 256; null takes the configured one again. */
export function weight(value: number | null): void {
  send({ lb: 'weight', value });
}

function send(report: SelfReport): void {
  if (process.connected) process.send?.(report);
}
