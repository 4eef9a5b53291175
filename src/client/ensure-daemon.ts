import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LbError } from '../errors/lb-error.ts';
import { nextStep, type Need } from '../lifecycle/daemon-need.ts';
import { sizeOf, tailOf } from '../system/file-tail.ts';
import { homePaths } from '../system/paths.ts';
import { runningDaemon } from '../system/running-daemon.ts';
import type { DaemonAddress } from './address.ts';
import { connect, type Connection } from './connect.ts';
import { hasLivingApps } from './living-apps.ts';
import { watched } from './watched.ts';

const START_DEADLINE_MS = 10_000;
/** What a hello may take in all; a daemon that hangs is replaced long before that, even if it computes on a busy machine. */
const ANSWER_MS = 30_000;
/** How long to wait after our daemon has exited: it may have lost the lock to another one that is still starting. */
const OTHER_DAEMON_GRACE_MS = 1_500;
const POLL_MS = 15;

/** The part of `ChildProcess` that is needed to watch a daemon start. */
export interface StartingDaemon {
  readonly exitCode: number | null;
  readonly signalCode: string | null;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Starts a daemon for a home and appends its output to the file. */
export type StartDaemon = (home: string, logFile: string) => StartingDaemon;

export interface Reach {
  readonly need: Need;
  readonly start: StartDaemon;
  /** Told why it takes long. */
  readonly note: (message: string) => void;
}

export interface Reached extends Connection {
  /** This call started the daemon, which brought back what was to run. */
  readonly isNew: boolean;
}

/**
 * Connects to the daemon of a home: the one place that decides whether a command waits for a daemon, starts one, or does without. A
 * daemon that hangs is replaced like a dead one. If several callers start one, all connect to the one that wins.
 * @returns null if none runs and none is to be started
 * @throws LbError LB_ERR_DAEMON_UNREACHABLE with the last lines of its log if it does not start; LB_ERR_PROTOCOL
 */
export async function reachDaemon(address: DaemonAddress, { need, start, note }: Reach): Promise<Reached | null> {
  if (address.isShared === true) return { ...(await connect(address)), isNew: false };
  const paths = homePaths(address.home);
  const begunAt = performance.now();
  let started: Started | null = null;
  for (;;) {
    const connection = await connected(address, note);
    if (connection !== null) return { ...connection, isNew: started !== null };
    const daemon = runningDaemon(paths);
    if (started !== null) started.check(daemon !== null);
    else {
      const step = nextStep(need, {
        hasDaemon: daemon !== null,
        hasLivingApps: () => hasLivingApps(paths.primaries),
        hasApps: () => existsSync(paths.state),
        waitedMs: performance.now() - begunAt,
      });
      if (step === 'none') return null;
      if (step === 'start') started = new Started(address, start);
      else if (step !== 'wait') throw step === 'lost' ? new LbError('LB_ERR_DAEMON_LOST') : deaf(address, daemon?.pid ?? 0);
    }
    await sleep(POLL_MS);
  }
}

const deaf = (address: DaemonAddress, pid: number): LbError => unreachable(address, `it runs (pid ${pid}), but does not listen there; "kill ${pid}" ends it`);

/** For programs that run on: waits while apps are alive, and starts nothing. @throws LbError LB_ERR_DAEMON_NOT_RUNNING if nothing runs */
export async function waitForDaemon(address: DaemonAddress): Promise<Connection> {
  const reached = await reachDaemon(address, { need: 'wait', start: never, note: () => {} });
  if (reached === null) throw new LbError('LB_ERR_DAEMON_NOT_RUNNING', { home: address.home });
  return reached;
}

const never: StartDaemon = () => {
  throw new LbError('LB_ERR_DAEMON_LOST');
};

/** Null if no daemon is there, or it went away before it answered. */
async function connected(address: DaemonAddress, note: (message: string) => void): Promise<Connection | null> {
  try {
    return await watched(address, connect(address, ANSWER_MS), note);
  } catch (error) {
    if (error instanceof LbError && (error.code === 'LB_ERR_DAEMON_NOT_RUNNING' || error.code === 'LB_ERR_DAEMON_LOST')) return null;
    throw error;
  }
}

/** A daemon that this process started. */
class Started {
  readonly #address: DaemonAddress;
  readonly #logStart: number;
  readonly #child: StartingDaemon;
  readonly #deadline = performance.now() + START_DEADLINE_MS;
  #spawnError: Error | null = null;
  #endedAt: number | null = null;

  constructor(address: DaemonAddress, start: StartDaemon) {
    this.#address = address;
    this.#logStart = sizeOf(address.daemonLog);
    this.#child = start(address.home, address.daemonLog);
    this.#child.on('error', (error) => (this.#spawnError = error));
  }

  /** @param isOther a daemon, maybe another one, has the home. @throws LbError LB_ERR_DAEMON_UNREACHABLE if it will not come up */
  check(isOther: boolean): void {
    const now = performance.now();
    const end = describeEnd(this.#child, this.#spawnError);
    if (end !== null) this.#endedAt ??= this.#spawnError === null ? now : -Infinity;
    const hasFailed = end !== null && !isOther && now - (this.#endedAt ?? now) >= OTHER_DAEMON_GRACE_MS;
    if (!hasFailed && now < this.#deadline) return;
    const reason = end ?? `it did not answer within ${START_DEADLINE_MS / 1000} s after it was started`;
    throw unreachable(this.#address, reason, tailOf(this.#address.daemonLog, this.#logStart));
  }
}

function describeEnd(child: StartingDaemon, spawnError: Error | null): string | null {
  if (spawnError !== null) return `it could not be started: ${spawnError.message}`;
  if (child.signalCode !== null) return `it was ended by ${child.signalCode} while it started`;
  if (child.exitCode !== null) return `it ended with exit code ${child.exitCode} while it started`;
  return null;
}

function unreachable({ socket, daemonLog }: DaemonAddress, reason: string, output: readonly string[] = []): LbError {
  return new LbError('LB_ERR_DAEMON_UNREACHABLE', { socket, reason, log: daemonLog }, output);
}
