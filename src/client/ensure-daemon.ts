import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LbError } from '../errors/lb-error.ts';
import type { DaemonAddress } from './address.ts';
import { connectIfRunning, type Connection } from './connect.ts';

const START_DEADLINE_MS = 10_000;
/** How long to wait after our daemon has exited: it may have lost the lock to another one that is still starting. */
const OTHER_DAEMON_GRACE_MS = 1_500;
const POLL_MS = 15;
const TAIL_LINES = 20;
const TAIL_BYTES = 16 * 1024;

/** The part of `ChildProcess` that is needed to watch a daemon start. */
export interface StartingDaemon {
  readonly exitCode: number | null;
  readonly signalCode: string | null;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Starts a daemon for a home and appends its output to the file. */
export type StartDaemon = (home: string, logFile: string) => StartingDaemon;

/**
 * Connects to the daemon of a home; starts one if none is running. If several callers start one, all connect to the one that
 * wins.
 * @throws LbError LB_ERR_DAEMON_UNREACHABLE with the last lines of its log if it does not start
 */
export async function ensureDaemon(address: DaemonAddress, start: StartDaemon): Promise<Connection> {
  const running = await connectIfRunning(address);
  if (running !== null) return running;

  const logStart = sizeOf(address.daemonLog);
  const child = start(address.home, address.daemonLog);
  let spawnError: Error | null = null;
  child.on('error', (error) => (spawnError = error));

  const deadline = performance.now() + START_DEADLINE_MS;
  let endedAt: number | null = null;
  for (;;) {
    const connection = await connectIfRunning(address);
    if (connection !== null) return connection;
    const now = performance.now();
    const end = describeEnd(child, spawnError);
    if (end !== null) endedAt ??= spawnError === null ? now : -Infinity;
    const failed = end !== null && now - (endedAt ?? now) >= OTHER_DAEMON_GRACE_MS;
    if (failed || now >= deadline) {
      throw startFailure(address, end ?? `it did not answer within ${START_DEADLINE_MS / 1000} s after it was started`, logStart);
    }
    await sleep(POLL_MS);
  }
}

function describeEnd(child: StartingDaemon, spawnError: Error | null): string | null {
  if (spawnError !== null) return `it could not be started: ${spawnError.message}`;
  if (child.signalCode !== null) return `it was ended by ${child.signalCode} while it started`;
  if (child.exitCode !== null) return `it ended with exit code ${child.exitCode} while it started`;
  return null;
}

function startFailure({ socket, daemonLog }: DaemonAddress, reason: string, logStart: number): LbError {
  return new LbError('LB_ERR_DAEMON_UNREACHABLE', { socket, reason, log: daemonLog }, tailOf(daemonLog, logStart));
}

function sizeOf(file: string): number {
  try {
    const fd = openSync(file, 'r');
    try {
      return fstatSync(fd).size;
    } finally {
      closeSync(fd);
    }
  } catch {
    return 0;
  }
}

/** The last lines written to a file since it had this size. */
function tailOf(file: string, from: number): string[] {
  try {
    const fd = openSync(file, 'r');
    try {
      const { size } = fstatSync(fd);
      const start = Math.max(from > size ? 0 : from, size - TAIL_BYTES);
      const buffer = Buffer.alloc(size - start);
      const bytes = readSync(fd, buffer, 0, buffer.length, start);
      const lines = buffer.toString('utf8', 0, bytes).split('\n');
      return lines.filter((line) => line !== '').slice(-TAIL_LINES);
    } finally {
      closeSync(fd);
    }
  } catch {
    return [];
  }
}
