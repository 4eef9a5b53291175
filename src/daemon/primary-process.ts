import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PRIMARY_SETTINGS_VAR, type PrimarySettings } from '../protocol/attach.ts';
import { openLogFor } from '../system/log-descriptor.ts';
import { ownNode } from '../system/own-node.ts';
import { nodeProblem } from '../system/start-problem.ts';

const PROGRAM = fileURLToPath(new URL('../primary/main.cjs', import.meta.url));
export const PRELOAD = fileURLToPath(new URL('../worker/preload.cjs', import.meta.url));

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
    child = spawn(node, [PROGRAM], { detached: true, cwd: '/', stdio: ['ignore', log.stdio, log.stdio], env });
  } finally {
    log.close();
  }
  child.once('error', (error) => onExit(`could not be started: ${nodeProblem(node) ?? error.message}`));
  child.once('exit', (code, signal) => onExit(signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`));
  return child;
}
