import { spawn as spawnProcess, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { variablesOfUser } from '../lifecycle/app-user.ts';
import { SHARED_PRIMARY } from '../lifecycle/primary-of.ts';
import { PRIMARY_SETTINGS_VAR, type PrimarySettings } from '../protocol/attach.ts';
import { openLogFor } from '../system/log-descriptor.ts';
import { BUSY_PROCESS, SMALL_PROCESS } from '../system/node-flags.ts';
import { ownNode } from '../system/own-node.ts';
import { PROGRAM_PARTS } from '../system/program.ts';
import { startTimeOf } from '../system/processes.ts';
import { nodeProblem } from '../system/start-problem.ts';
import type { PrimaryId } from './primary-record.ts';

interface SpawnOptions {
  /** Null for the Node.js of this daemon. */
  readonly interpreter: string | null;
  readonly settings: PrimarySettings;
  /** The daemon's log. */
  readonly logFile: string;
  /** Of a primary of another user: the socket that it inherits. It does not get the log, and what it prints is told. */
  readonly door?: { readonly fd: number; readonly said: (line: string) => void };
  readonly onExit: (how: string) => void;
}

/** What the primary of another user may print into the log of the daemon. */
const MOST_SAID_BYTES = 64 * 1024;

/**
 * Starts a primary in a session of its own. It attaches like one that outlived its daemon.
 * @throws Error if the system refuses; it may also tell by `onExit`.
 */
export function spawnPrimary({ interpreter, settings, logFile, door, onExit }: SpawnOptions): ChildProcess {
  const { PATH, TZ, LANG } = process.env;
  const own = settings.user === undefined ? { HOME: process.env['HOME'] } : variablesOfUser(settings.user);
  const node = interpreter ?? ownNode();
  const env = { PATH, TZ, LANG, ...withoutNull(own), [PRIMARY_SETTINGS_VAR]: JSON.stringify(settings) };
  const log = door === undefined ? openLogFor(logFile) : null;
  const flags = settings.name === SHARED_PRIMARY ? SMALL_PROCESS : BUSY_PROCESS;
  let child: ChildProcess;
  try {
    child = spawnProcess(node, [...flags, join(settings.program, PROGRAM_PARTS.primary)], {
      detached: true,
      cwd: '/',
      stdio: log === null ? ['ignore', 'ignore', 'pipe', door?.fd] : ['ignore', log.stdio, log.stdio],
      env,
    });
  } finally {
    log?.close();
  }
  if (door !== undefined) tell(child.stderr, door.said);
  child.once('error', (error) => onExit(`could not be started: ${nodeProblem(node) ?? error.message}`));
  child.once('exit', (code, signal) => onExit(signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`));
  return child;
}

const withoutNull = (variables: Readonly<Record<string, string | null | undefined>>): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value ?? undefined]));

function tell(output: Readable | null, said: (line: string) => void): void {
  let left = MOST_SAID_BYTES;
  output
    ?.on('error', () => {})
    .on('data', (chunk: Buffer) => {
      const text = chunk.subarray(0, left).toString().trimEnd();
      left -= Math.min(left, chunk.length);
      if (text !== '') for (const line of text.split('\n')) said(line);
    });
}

/** Starts a primary with `spawn`, and tells of its exit by pid. */
export function startPrimary(
  spawn: typeof spawnPrimary,
  { interpreter, settings }: Pick<SpawnOptions, 'interpreter' | 'settings'>,
  onExit: (pid: number, how: string) => void,
): PrimaryId {
  const child = spawn({ interpreter, settings, logFile: settings.daemonLog, onExit: (how) => onExit(child.pid ?? 0, how) });
  const pid = child.pid ?? 0;
  return { pid, startTime: startTimeOf(pid) };
}
