import { setTimeout as sleep } from 'node:timers/promises';
import { LbError } from '../errors/lb-error.ts';
import { handsOver, type DaemonRole } from '../lifecycle/daemon-role.ts';
import type { HandOverBody } from '../protocol/control.ts';
import { now } from '../system/clock.ts';
import { isAlive, startTimeOf } from '../system/processes.ts';

/** For commands under way; longer operations go on in their primaries. */
const SETTLE_MS = 10_000;
const POLL_MS = 20;

interface HandOverOptions {
  readonly home: string;
  readonly role: DaemonRole;
  /** No primary is being started or awaited, and no operation is under way: nobody misses this daemon. */
  readonly isSettled: () => boolean;
  readonly log: (message: string) => void;
  /** Ends this daemon without touching its apps. */
  readonly leave: (why: string) => void;
}

/** Leaves the home to another daemon. */
export class HandOver {
  readonly #options: HandOverOptions;
  #isLeaving = false;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** Agrees; the daemon leaves soon after. @throws LbError LB_ERR_DAEMON_RUNNING if it does not make way for this one */
  agree({ role, pid }: HandOverBody): void {
    const { home, role: own } = this.#options;
    if (!handsOver(own, role)) throw new LbError('LB_ERR_DAEMON_RUNNING', { home, pid: process.pid });
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    void this.#leave(pid, startTimeOf(pid));
  }

  /** Stays if the other one is gone by then. */
  async #leave(pid: number, startTime: number | null): Promise<void> {
    const { isSettled, leave, log } = this.#options;
    for (const deadline = now() + SETTLE_MS; !isSettled() && now() < deadline; ) await sleep(POLL_MS);
    // The answer is on its way.
    await sleep(POLL_MS);
    if (isAlive(pid, startTime)) return leave(`handing over to another daemon (pid ${pid})`);
    log(`the daemon that wanted to take over (pid ${pid}) is gone; this one stays`);
    this.#isLeaving = false;
  }
}
