import type { WorkerSettings } from '../protocol/worker.ts';

type DaemonRestart = NonNullable<WorkerSettings['restartDaemon']>;

const PROBE_AFTER_MS = 50;
const PROBE_AGAIN_MS = 200;
const PROBES = 2;
/** Spreads the probes of an app's workers, so that usually only the first one starts a daemon. */
const PROBE_JITTER_MS = 150;

/**
 * Starts a daemon if none answers, which brings the app back. If several workers do so, the daemon's lock lets one win.
 * @param settled called when a daemon has answered or been started.
 */
export function restartDaemon(restartDaemon: DaemonRestart, settled: () => void): void {
  probe(restartDaemon, PROBES, PROBE_AFTER_MS, settled);
}

function probe(restartDaemon: DaemonRestart, tries: number, afterMs: number, settled: () => void): void {
  setTimeout(
    () => {
      // Loaded only now: this is needed rarely.
      const { connect } = process.getBuiltinModule('node:net');
      const socket = connect(restartDaemon.socket);
      socket.once('connect', () => {
        socket.destroy();
        settled();
      });
      socket.once('error', () => {
        if (tries > 1) return probe(restartDaemon, tries - 1, PROBE_AGAIN_MS, settled);
        try {
          startDaemon(restartDaemon);
        } catch {
          // Without memory or processes. Whatever happens here must not end the app before its requests are answered.
        }
        settled();
      });
    },
    afterMs + Math.random() * PROBE_JITTER_MS,
  );
}

function startDaemon(restartDaemon: DaemonRestart): void {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const { closeSync, existsSync } = process.getBuiltinModule('node:fs');
  const log = openLog(restartDaemon.log);
  const { PATH, HOME, TZ, LANG } = process.env;
  // A version manager may have removed either; what runs can always be run again.
  const node = [restartDaemon.node, process.execPath].find((path) => existsSync(path)) ?? '/proc/self/exe';
  spawn(node, [restartDaemon.program, 'daemon'], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log],
    // The variables of system/spawn-daemon and system/daemon-role, which the preload cannot import.
    env: {
      PATH,
      HOME,
      TZ,
      LANG,
      LB_HOME: restartDaemon.home,
      LB_DAEMON_LOG: restartDaemon.log,
      LB_DAEMON_ROLE: 'background',
      LB_DAEMON_REASON: 'daemon and primary were gone',
    },
  })
    .on('error', () => {})
    .unref();
  if (log !== 'ignore') closeSync(log);
}

/** A log that cannot be opened keeps no daemon from starting; one that is a named pipe does not block. */
function openLog(path: string): number | 'ignore' {
  const { openSync, constants } = process.getBuiltinModule('node:fs');
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants;
  try {
    return openSync(path, O_WRONLY | O_APPEND | O_CREAT | (O_NONBLOCK ?? 0) | (O_NOFOLLOW ?? 0), 0o600);
  } catch {
    return 'ignore';
  }
}
