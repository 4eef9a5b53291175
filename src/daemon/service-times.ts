import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../system/clock.ts';
import type { Registry } from './registry.ts';

/** An app that takes longer to start keeps nothing waiting that starts after this service. */
const READY_WITHIN_MS = 60_000;
const POLL_MS = 50;
/** For what a daemon does after its apps have ended. */
const END_MS = 15_000;

/** Resolves when every app that should run has been started or adopted, or has failed to start, and after a minute at the latest. */
export async function settled(registry: Registry): Promise<void> {
  const isStarting = (): boolean => !registry.isSettled || registry.all.some(({ active, view }) => active && view.stats.state === 'starting');
  for (const deadline = now() + READY_WITHIN_MS; isStarting() && now() < deadline; ) await sleep(POLL_MS);
}

/** The longest that a stop of all apps can take. */
export const stopTimeOf = ({ all }: Registry): number =>
  END_MS + Math.max(0, ...all.filter((app) => app.active).map(({ spec: { drainDelayMs, killTimeoutMs } }) => drainDelayMs + killTimeoutMs));
