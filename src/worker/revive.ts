import type { WorkerSettings } from '../protocol/worker.ts';

type Revive = NonNullable<WorkerSettings['revive']>;

const PROBE_AFTER_MS = 50;
const PROBE_AGAIN_MS = 200;
const PROBES = 2;
/** Workers of one app ask one after the other, so that mostly the first one starts the daemon. */
const PROBE_JITTER_MS = 150;

/**
 * The last to know of an app brings it back: starts a daemon when none answers. The daemon's lock lets one of many win.
 * @param settled called when a daemon answers or has been started.
 */
export function reviveDaemon(revive: Revive, settled: () => void): void {
  probe(revive, PROBES, PROBE_AFTER_MS, settled);
}

function probe(revive: Revive, tries: number, afterMs: number, settled: () => void): void {
  setTimeout(
    () => {
      // Bundled as CommonJS; loaded only when needed.
      const { connect } = require('node:net') as typeof import('node:net');
      const socket = connect(revive.socket);
      socket.once('connect', () => {
        socket.destroy();
        settled();
      });
      socket.once('error', () => {
        if (tries > 1) return probe(revive, tries - 1, PROBE_AGAIN_MS, settled);
        startDaemon(revive);
        settled();
      });
    },
    afterMs + Math.random() * PROBE_JITTER_MS,
  );
}

function startDaemon(revive: Revive): void {
  const { spawn } = require('node:child_process') as typeof import('node:child_process');
  const { openSync, closeSync } = require('node:fs') as typeof import('node:fs');
  const log = openSync(revive.log, 'a', 0o600);
  const { PATH, HOME, TZ, LANG } = process.env;
  spawn(revive.node, [revive.program, 'daemon'], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log],
    env: { PATH, HOME, TZ, LANG, LB_HOME: revive.home },
  })
    .on('error', () => {})
    .unref();
  closeSync(log);
}
