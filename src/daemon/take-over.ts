import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { LbError } from '../errors/lb-error.ts';
import { takesOver, type DaemonRole } from '../lifecycle/daemon-role.ts';
import { judge, CHECK_MS, UNSEEN } from '../lifecycle/liveness.ts';
import type { HandOverBody } from '../protocol/control.ts';
import { now } from '../system/clock.ts';
import { acquireLock, type Lock } from '../system/lock.ts';
import type { HomePaths } from '../system/paths.ts';
import { mainThreadOf, type ProcessId } from '../system/processes.ts';
import { killDaemon, runningDaemon } from '../system/running-daemon.ts';

/** A daemon that agreed may take this long to leave: it waits for its primaries, for operations and for hooks under way. */
const DEADLINE_MS = 20_000;
const POLL_MS = 20;

/** `absent`: nothing listens on the socket. `silent`: it did not answer for `CHECK_MS`. */
type Reply = 'agreed' | 'refused' | 'absent' | 'silent';

interface TakeOver {
  readonly paths: HomePaths;
  readonly role: DaemonRole;
  readonly log: (message: string) => void;
  /** Called when another user holds a name of the lock. */
  readonly taken?: () => void;
  /** For tests. */
  readonly ask?: typeof askToHandOver;
}

/**
 * Takes the lock of a home. A daemon with the right to takes it over from the one that holds it: that one is asked to leave, and
 * killed if it hangs. Only the lock decides who is the daemon, so whatever others start meanwhile, there is never more than one, and
 * one that comes in between is asked too.
 * @throws LbError LB_ERR_DAEMON_RUNNING if another one keeps it
 */
export async function takeLock(options: TakeOver): Promise<Lock> {
  const { paths, taken = () => {} } = options;
  const { home } = paths;
  const deadline = now() + DEADLINE_MS;
  const claimant = new Claimant(options);
  for (;;) {
    const lock = await acquireLock(home, { taken });
    if (lock !== null) return lock;
    const other = runningDaemon(options.paths);
    if (now() > deadline || !(await claimant.ask(other))) throw new LbError('LB_ERR_DAEMON_RUNNING', { home, pid: other?.pid ?? 'unknown' });
    await sleep(POLL_MS);
  }
}

/** Asks the daemon that runs to leave, each once until it agrees. */
class Claimant {
  readonly #options: TakeOver;
  #agreed: ProcessId | null = null;
  #liveness = UNSEEN;

  constructor(options: TakeOver) {
    this.#options = options;
  }

  /** @param other the daemon that runs, if that is known. @returns whether it may leave */
  async ask(other: ProcessId | null): Promise<boolean> {
    const { paths, role, ask = askToHandOver } = this.#options;
    if (!takesOver(role)) return false;
    if (other !== null && other.pid === this.#agreed?.pid && other.startTime === this.#agreed.startTime) return true;
    const reply = await ask(paths.socket, { role, pid: process.pid });
    if (reply === 'agreed') this.#hasAgreed(other);
    if (reply === 'silent' && other !== null) this.#check(other);
    return reply !== 'refused';
  }

  #hasAgreed(other: ProcessId | null): void {
    this.#options.log(`the daemon that ran (pid ${other?.pid ?? 'unknown'}) hands over to this one (pid ${process.pid})`);
    this.#agreed = other;
  }

  #check(other: ProcessId): void {
    const { paths, log } = this.#options;
    this.#liveness = judge(this.#liveness, { heard: false, asked: true, thread: mainThreadOf(other) });
    const { verdict, why } = this.#liveness;
    if (verdict === 'hung' && killDaemon(paths, other)) log(`killed the daemon that ran (pid ${other.pid}): ${why}`);
  }
}

/** Without the protocol header: a daemon of any version decides. */
function askToHandOver(socketPath: string, body: HandOverBody): Promise<Reply> {
  const text = JSON.stringify(body);
  return new Promise((resolve) => {
    const headers = { host: 'lb', 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const asking = request({ socketPath, path: '/v1/handover', method: 'POST', headers, agent: false, timeout: CHECK_MS });
    asking.once('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? 'agreed' : 'refused');
    });
    asking.once('timeout', () => {
      resolve('silent');
      asking.destroy();
    });
    asking.once('error', () => resolve('absent'));
    asking.end(text);
  });
}
