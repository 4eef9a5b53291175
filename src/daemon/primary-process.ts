import { spawn as spawnProcess, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { PRIMARY_SETTINGS_VAR, type PrimarySettings } from '../protocol/attach.ts';
import { openLogFor } from '../system/log-descriptor.ts';
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
  readonly onExit: (how: string) => void;
}

/**
 * Starts a primary in a session of its own. It attaches like one that outlived its daemon.
 * @throws Error if the system refuses; it may also tell by `onExit`.
 */
export function spawnPrimary({ interpreter, settings, logFile, onExit }: SpawnOptions): ChildProcess {
  const { PATH, HOME, TZ, LANG } = process.env;
  const node = interpreter ?? ownNode();
  const env = { PATH, HOME, TZ, LANG, [PRIMARY_SETTINGS_VAR]: JSON.stringify(settings) };
  const log = openLogFor(logFile);
  let child: ChildProcess;
  try {
    child = spawnProcess(node, [join(settings.program, PROGRAM_PARTS.primary)], { detached: true, cwd: '/', stdio: ['ignore', log.stdio, log.stdio], env });
  } finally {
    log.close();
  }
  child.once('error', (error) => onExit(`could not be started: ${nodeProblem(node) ?? error.message}`));
  child.once('exit', (code, signal) => onExit(signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`));
  return child;
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
