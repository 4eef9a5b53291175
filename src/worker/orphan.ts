import type { Worker } from 'node:cluster';
import type { WorkerSettings } from '../protocol/worker.ts';

type Revive = NonNullable<WorkerSettings['revive']>;

const PROBE_AFTER_MS = 250;
const PROBE_AGAIN_MS = 500;
/** Workers of one app ask one after the other, so that mostly the first one starts the daemon. */
const PROBE_JITTER_MS = 250;

/**
 * Tells when the primary vanished. The worker then is not ended, as Node's cluster would do, but drains.
 * @param leave begins the drain; called once.
 */
export function onOrphaned(worker: Worker, settings: WorkerSettings, leave: () => void): void {
  worker.once('disconnect', () => {
    // Node 20 to 26 end a worker at once unless this is set.
    worker.exitedAfterDisconnect = true;
    // Nobody reads our output any more; losing it must not crash the app.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
    leave();
    if (settings.revive !== null) scheduleProbe(settings.revive, 2, PROBE_AFTER_MS);
  });
}

/** When the daemon is gone too, the last to know of the app brings it back. The daemon's lock lets one of many win. */
function scheduleProbe(revive: Revive, tries: number, afterMs: number): void {
  const timer = setTimeout(
    () => {
      const { connect } = require('node:net') as typeof import('node:net');
      const probe = connect(revive.socket);
      probe.unref();
      probe.once('connect', () => probe.destroy());
      probe.once('error', () => {
        if (tries > 1) scheduleProbe(revive, tries - 1, PROBE_AGAIN_MS);
        else startDaemon(revive);
      });
    },
    afterMs + Math.random() * PROBE_JITTER_MS,
  );
  timer.unref();
}

function startDaemon(revive: Revive): void {
  // Bundled as CommonJS; loaded only when needed.
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
