import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { livingNode } from './own-node.ts';

interface DaemonCommand {
  /** Path of the `lb` program. */
  readonly program: string;
  readonly home: string;
  /** Gets stdout and stderr, appended. */
  readonly logFile: string;
  /** Node.js binary; default the caller's own, which also takes its place when it is gone. */
  readonly node?: string;
}

/**
 * Starts a daemon for a home directory in its own session; it outlives the caller and the terminal. If several start at once, a
 * lock in the daemon decides which one wins.
 */
export function spawnDaemon({ program, home, logFile, node = process.execPath }: DaemonCommand): ChildProcess {
  const binary = livingNode(node);
  const log = openSync(logFile, 'a', 0o600);
  try {
    const { PATH, HOME, TZ, LANG } = process.env;
    const child = spawn(binary, [program, 'daemon'], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', log, log],
      env: { PATH, HOME, TZ, LANG, LB_HOME: home },
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}
