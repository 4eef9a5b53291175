import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './clock.ts';

const POLL_MS = 10;

/** Resolves with true as soon as something is so, or with false when it is not within this time. */
export async function until(isSo: () => boolean, withinMs: number, everyMs = POLL_MS): Promise<boolean> {
  const deadline = now() + withinMs;
  while (!isSo()) {
    if (now() >= deadline) return false;
    await sleep(everyMs);
  }
  return true;
}
