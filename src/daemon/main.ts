import { constants } from 'node:os';
import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { LineJoin } from '../logs/line-join.ts';
import type { LogLine, MetricsBody, ProgressRecord } from '../protocol/control.ts';
import { isSignal } from '../system/signals.ts';
import { Daemon } from './daemon.ts';

type Log = (message: string) => void;

/** The daemon's log; in the background, its stderr is `daemon.log`. */
const log: Log = (message) => {
  process.stderr.write(`${new Date().toISOString()} ${message}\n`);
};

/** Logs errors that nothing handles; the daemon keeps running. */
function logUncaught(log: Log): void {
  process.on('uncaughtException', (error) => log(`bug: uncaught ${error.stack ?? error.message}`));
  process.on('unhandledRejection', (reason) => log(`bug: unhandled rejection ${reason instanceof Error ? reason.stack : String(reason)}`));
}

/**
 * Runs the daemon of a home directory in this process.
 * SIGTERM and SIGINT drain and stop everything; a second one cuts the drain short. SIGHUP ends only the daemon: its primaries
 * keep running and start another one. SIGUSR2 opens the log files anew.
 * @returns the exit code
 */
export function runDaemon(options: { readonly home: string; readonly version: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const end = (why: string): void => void daemon.close(why).then(() => resolve(0), reject);
    const daemon: Daemon = new Daemon({ ...options, foreground: false, log, onShutdown: () => end('lb kill') });
    reopenLogsOnSignal(daemon, log);
    daemon.open().then(() => {
      logUncaught(log);
      process.title = 'lb daemon';
      drainOnSignal(daemon, log, (signal) => end(signal));
      process.once('SIGHUP', end);
      daemon.registry.restore();
    }, reject);
  });
}

/**
 * `lb run`: daemon and apps in the foreground, for containers. Logs go to stdout and stderr. Ends when the apps have ended.
 * @returns the exit code, taken from a worker that failed
 */
export async function runForeground(options: {
  readonly home: string;
  readonly version: string;
  readonly apps: readonly AppSpec[];
  /** Where to serve the metrics; null to leave it unchanged. */
  readonly metrics: MetricsBody | null;
  readonly json: boolean;
}): Promise<number> {
  const { home, version, apps, metrics, json } = options;
  const say: Log = (message) => {
    if (!json) process.stderr.write(`lb: ${message}\n`);
  };
  let allEnded = (): void => {};
  const ended = new Promise<void>((resolve) => {
    allEnded = resolve;
  });
  const daemon: Daemon = new Daemon({ home, version, foreground: true, log: () => {}, onShutdown: allEnded, onAllEnded: allEnded });
  reopenLogsOnSignal(daemon, say);
  await daemon.open();
  logUncaught(say);
  const signalled = new Promise<void>((resolve) => drainOnSignal(daemon, say, () => resolve()));
  const joins = { out: new LineJoin<string>(), err: new LineJoin<string>() };
  const print = (line: LogLine): void => {
    const piece = { bytes: Buffer.from(line.open === true ? line.text : `${line.text}\n`), continues: line.continues === true };
    const text = json ? `${JSON.stringify(line)}\n` : joins[line.stream].take(`${line.app} ${line.pid}`, piece);
    (line.stream === 'out' ? process.stdout : process.stderr).write(text);
  };
  const progress = (record: ProgressRecord): void => {
    if (json) process.stderr.write(`${JSON.stringify(record)}\n`);
    else say(record.message);
  };
  try {
    if (metrics !== null) await daemon.serveMetrics(metrics);
    await daemon.runApps(apps, print, progress);
    // Workers whose primary was killed may still be serving.
    await Promise.race([signalled, ended.then(async () => daemon.drainAll({}, () => {}))]);
    return exitCode(daemon);
  } catch (error) {
    // With this, the last exits of an app that goes on trying are known.
    await daemon.drainAll({ now: true }, () => {});
    const code = exitCode(daemon);
    throw code === 0 ? error : LbError.from(error).endingWith(code);
  } finally {
    await daemon.drainAll({ now: true }, () => {});
    await daemon.close('its apps have ended');
  }
}

/** The first nonzero code of the workers' last exits; 128 + n for a signal that `lb` did not send. */
function exitCode(daemon: Daemon): number {
  const exits = daemon.registry.all.flatMap((app) => app.view.lastExits);
  const codes = exits.map((exit) =>
    exit.killedAtDeadline
      ? 137
      : exit.signal !== null && exit.stopReason === null
        ? 128 + (isSignal(exit.signal) ? constants.signals[exit.signal] : 0)
        : (exit.code ?? 0),
  );
  return codes.findLast((code) => code !== 0) ?? 0;
}

/** SIGUSR2, as in PM2. */
function reopenLogsOnSignal(daemon: Daemon, log: Log): void {
  process.on('SIGUSR2', () => {
    for (const app of daemon.registry.all) {
      daemon.reopenLogs(app).catch((error: unknown) => log(`${app.name}: its log files were not reopened: ${LbError.from(error).message}`));
    }
  });
}

function drainOnSignal(daemon: Daemon, log: Log, done: (signal: NodeJS.Signals) => void): void {
  let signals = 0;
  const drain = (signal: NodeJS.Signals): void => {
    signals++;
    log(signals === 1 ? `${signal}: draining all apps` : `${signal} again: cutting the drain short`);
    void daemon.drainAll(signals > 1 ? { now: true } : {}, (record) => log(record.message)).then(signals === 1 ? () => done(signal) : () => {});
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
}
