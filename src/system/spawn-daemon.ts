import { spawn, type ChildProcess } from 'node:child_process';
import { DAEMON_REASON_VAR, DAEMON_ROLE_VAR } from './daemon-role.ts';
import { openLogFor } from './log-descriptor.ts';
import { SMALL_PROCESS } from './node-flags.ts';
import { livingNode } from './own-node.ts';

/** Names the log file to a daemon in the background, which opens it itself; one in the foreground logs to its stderr. */
export const DAEMON_LOG_VAR = 'LB_DAEMON_LOG';

interface DaemonCommand {
  /** Path of the `lb` program. */
  readonly program: string;
  readonly home: string;
  /** Gets stdout and stderr, appended, if it can be opened. */
  readonly logFile: string;
  /** Node.js binary; default the caller's own, which also takes its place when it is gone. */
  readonly node?: string;
  /** A `successor` takes over from the daemon that runs; by default it ends if there is one. */
  readonly role?: 'background' | 'successor';
  /** More variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Why it is started: a part of a sentence for the event that it tells then. */
  readonly because?: string;
}

/**
 * Starts a daemon for a home directory in its own session; it outlives the caller and the terminal. If several start at once, a
 * lock in the daemon decides which one wins.
 * @throws Error if the system refuses; it may also tell by an `error` event.
 */
export function spawnDaemon({ program, home, logFile, node = process.execPath, role = 'background', because = '', env = {} }: DaemonCommand): ChildProcess {
  const binary = livingNode(node);
  const log = openLogFor(logFile);
  try {
    const { PATH, HOME, TZ, LANG } = process.env;
    const child = spawn(binary, [...SMALL_PROCESS, program, 'daemon'], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', log.stdio, log.stdio],
      env: { ...env, PATH, HOME, TZ, LANG, LB_HOME: home, [DAEMON_LOG_VAR]: logFile, [DAEMON_ROLE_VAR]: role, [DAEMON_REASON_VAR]: because },
    });
    child.unref();
    return child;
  } finally {
    log.close();
  }
}
