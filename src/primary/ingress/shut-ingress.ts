import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../../system/clock.ts';
import { withDeadline } from '../../system/deadline.ts';

/** Time limit for emptying the kernel's queue, which may never be empty if clients connect faster than we accept. Then the rest is reset. */
const ACCEPT_WITHIN_MS = 1_000;
/** Time limit for handing waiting connections to workers. */
const HAND_OUT_WITHIN_MS = 5_000;
const CHECK_EVERY_MS = 5;

/** The steps of shutting an ingress. */
interface Closable {
  /** Makes the daemon drop its duplicates of the sockets. Resolves when it has. */
  releaseDuplicates(): Promise<void>;
  /** Makes this process accept on all sockets. Resolves when no worker accepts. */
  takeOver(): Promise<void>;
  /** How many connections have been accepted so far. */
  arrivals(): number;
  closeSockets(): void;
  /** How many connections are waiting for a worker. */
  waiting(): number;
}

/**
 * Closes the listening sockets without resetting connections that the kernel has accepted. Closing a listening socket resets
 * its queue. So all other holders release it first, then the queue is emptied, and only then is it closed. Resolves when every
 * accepted connection has a worker.
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
  await handOutTo(ingress);
}

/** Resolves when no worker accepts any more, and every connection that this process has accepted has a worker. */
export async function handOut({ released, waiting }: { readonly released: Promise<void>; readonly waiting: () => number }): Promise<void> {
  await withDeadline(released, ACCEPT_WITHIN_MS);
  await handOutTo({ waiting });
}

async function handOutTo(ingress: Pick<Closable, 'waiting'>): Promise<void> {
  const handsOutUntil = now() + HAND_OUT_WITHIN_MS;
  while (ingress.waiting() > 0 && now() < handsOutUntil) await sleep(CHECK_EVERY_MS);
}

/** Waits for a full turn of the event loop. Its poll phase accepts one connection per socket, if there is one. */
async function roundOfEventLoop(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}
