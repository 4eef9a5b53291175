import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../../system/clock.ts';
import { withDeadline } from '../../system/deadline.ts';

/** The kernel goes on accepting for as long as clients come faster than we take them; then what is left is reset. */
const ACCEPT_WITHIN_MS = 1_000;
/** What waits for a worker is given up after this long. */
const HAND_OUT_WITHIN_MS = 5_000;
const CHECK_EVERY_MS = 5;

/** What has to be done to shut an ingress. */
interface Closable {
  /** Resolves when nobody but this process holds the sockets. */
  releaseDuplicates(): Promise<void>;
  /** From now on this process alone accepts, on all sockets; resolves when no worker accepts any more. */
  takeOver(): Promise<void>;
  /** Connections that have come in so far. */
  arrivals(): number;
  closeSockets(): void;
  /** Connections that no worker has yet. */
  waiting(): number;
}

/**
 * Refuses connections without resetting those that the kernel has accepted before. A listening socket that is closed takes
 * its queue along; so its other holders let go first, the queue is emptied, and only then it is closed. Resolves when
 * everything that came in is with a worker.
 */
export async function shutIngress(ingress: Closable): Promise<void> {
  await ingress.releaseDuplicates();
  await withDeadline(ingress.takeOver(), ACCEPT_WITHIN_MS);
  const acceptsUntil = now() + ACCEPT_WITHIN_MS;
  for (let before = -1; before !== ingress.arrivals() && now() < acceptsUntil; ) {
    before = ingress.arrivals();
    await roundOfEventLoop();
  }
  ingress.closeSockets();
  const handsOutUntil = now() + HAND_OUT_WITHIN_MS;
  while (ingress.waiting() > 0 && now() < handsOutUntil) await sleep(CHECK_EVERY_MS);
}

/** A whole one, in whose poll libuv accepts one connection per socket, if there is one. */
async function roundOfEventLoop(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}
