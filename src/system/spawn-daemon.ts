import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The `lb` program itself, as an absolute path. */
export const LB_PROGRAM = fileURLToPath(new URL('../../bin/lb.js', import.meta.url));

/**
 * Starts a daemon for a home directory in a session of its own; it outlives the caller and the terminal.
 * Whether it wins against another that starts at the same moment is decided by the lock, not here.
 * @param logFile gets its stdout and stderr, appended.
 */
export function spawnDaemon(home: string, logFile: string, node: string = process.execPath): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(node, [LB_PROGRAM, 'daemon'], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', log, log],
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TZ: process.env.TZ, LANG: process.env.LANG, LB_HOME: home },
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}
