import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';

interface DaemonCommand {
  /** The `lb` program. */
  readonly program: string;
  readonly home: string;
  /** Gets its stdout and stderr, appended. */
  readonly logFile: string;
  /** Binary to run it with; by default the caller's own. */
  readonly node?: string;
}

/**
 * Starts a daemon for a home directory in a session of its own; it outlives the caller and the terminal.
 * Whether it wins against another that starts at the same moment is decided by the lock, not here.
 */
export function spawnDaemon({ program, home, logFile, node = process.execPath }: DaemonCommand): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const { PATH, HOME, TZ, LANG } = process.env;
    const child = spawn(node, [program, 'daemon'], {
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
