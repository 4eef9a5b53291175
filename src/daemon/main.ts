import { constants } from 'node:os';
import { LbError } from '../errors/lb-error.ts';
import type { DaemonRole } from '../lifecycle/daemon-role.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { LineJoin } from '../logs/line-join.ts';
import type { LogLine, MetricsBody, ProgressRecord } from '../protocol/control.ts';
import { withDeadline } from '../system/deadline.ts';
import { LastResort, outliveOutput } from '../system/last-resort.ts';
import { ServiceManager } from '../system/service-manager.ts';
import { isSignal } from '../system/signals.ts';
import { DAEMON_LOG_VAR } from '../system/spawn-daemon.ts';
import { DaemonLog, line } from './daemon-log.ts';
import { terminalOutput, terminalSafe } from '../system/terminal-output.ts';
import { Daemon } from './daemon.ts';
import { runApps } from './run-apps.ts';
import { settled, stopTimeOf } from './service-times.ts';

/** What ends it may wait so long for files. */
const CLOSE_MS = 8_000;

type Log = (message: string) => void;

/** `EX_SOFTWARE` of sysexits.h. */
const EXIT_SOFTWARE = 70;
interface DaemonStart {
  readonly home: string;
  readonly version: string;
  readonly role: DaemonRole;
  /** Why it was started, for the event; empty if nobody says so. */
  readonly because?: string;
  /** Why this process runs the installation instead of a copy of it. */
  readonly notCopied?: string | null;
}

const logToStderr: Log = (message) => void process.stderr.write(line(message));

/** The log file, if a command or a process of `lb` has started this daemon in the background. */
function logFile(): DaemonLog | null {
  const path = process.env[DAEMON_LOG_VAR];
  delete process.env[DAEMON_LOG_VAR];
  return path === undefined || path === '' ? null : new DaemonLog(path);
}

/**
 * An error that nothing handles does not end the daemon; after a flood of them, its primaries start another one. In the foreground
 * they would end with it.
 */
function outliveErrors(daemon: Daemon, log: Log, giveUp: (why: string) => void): void {
  const report = (message: string, stack: string): void => {
    log(`bug: ${stack}`);
    daemon.happened('bug', `error in the daemon, which goes on: ${message}`);
  };
  new LastResort({ report, giveUp }).install();
}

/**
 * Runs the daemon of a home directory in this process.
 * SIGTERM and SIGINT drain and stop everything; a second one cuts the drain short. SIGHUP upgrades to what is installed; if that is
 * nothing new, only the daemon is replaced. SIGUSR2 opens the log files anew.
 * @returns the exit code
 */
export function runDaemon({ notCopied = null, ...options }: DaemonStart): Promise<number> {
  const file = logFile();
  const log = file?.write ?? logToStderr;
  const manager = new ServiceManager(process.env, log);
  return new Promise((resolve, reject) => {
    const end = (why: string): void => {
      manager.close();
      void withDeadline(daemon.close(why), CLOSE_MS)
        .then(() => daemon.succession.watch())
        .then(() => resolve(0), reject);
    };
    const daemon: Daemon = new Daemon({ ...options, notCopied, log, manager, onShutdown: () => end('lb kill'), onHandOver: end });
    outliveOutput(() => {});
    if (file !== null) file.reports = daemon.unwritten;
    reopenLogsOnSignal(daemon, log);
    daemon.open().then(() => {
      outliveErrors(daemon, log, (why) => {
        log(`this daemon gives up: ${why}`);
        process.exit(EXIT_SOFTWARE);
      });
      process.title = 'lb daemon';
      void manager.lead();
      void settled(daemon.registry).then(() => manager.ready());
      drainOnSignal(daemon, manager, log, { done: end });
      process.on('SIGHUP', () => upgradeOnSignal(daemon, log));
      daemon.upgrade.resume();
    }, reject);
  });
}

/**
 * `lb run`: daemon and apps in the foreground, for containers. Logs go to stdout and stderr. Ends when the apps have ended.
 * @returns the exit code, taken from a worker that failed
 */
export async function runForeground(
  options: Omit<DaemonStart, 'role'> & {
    readonly apps: readonly AppSpec[];
    /** Where to serve the metrics; null to leave it unchanged. */
    readonly metrics: MetricsBody | null;
    readonly json: boolean;
    readonly manager: ServiceManager;
  },
): Promise<number> {
  const { home, version, notCopied = null, apps, metrics, json, manager } = options;
  const stderr = terminalOutput(process.stderr);
  const say: Log = (message) => {
    if (!json) stderr.write(`lb: ${message}\n`);
  };
  let allEnded = (): void => {};
  const ended = new Promise<void>((resolve) => {
    allEnded = resolve;
  });
  const daemon: Daemon = new Daemon({
    ...{ home, version, notCopied, manager, role: 'run' },
    log: () => {},
    onShutdown: allEnded,
    onHandOver: () => {},
    onAllEnded: allEnded,
  });
  outliveOutput((stream, error) => daemon.unwritten.failed(stream, error, 'what is printed is lost until it can', null));
  reopenLogsOnSignal(daemon, say);
  await daemon.open();
  outliveErrors(daemon, say, () => {});
  void manager.lead();
  let isStopping = false;
  const signalled = new Promise<void>((resolve) => {
    const begun = (): void => void (isStopping = true);
    drainOnSignal(daemon, manager, say, { begun, done: () => resolve() });
  });
  const joins = { out: new LineJoin<string>(), err: new LineJoin<string>() };
  const print = (printed: LogLine): void => {
    const piece = { bytes: Buffer.from(printed.open === true ? printed.text : `${printed.text}\n`), continues: printed.continues === true };
    const text = json ? `${JSON.stringify(printed)}\n` : joins[printed.stream].take(`${printed.app} ${printed.pid}`, piece).toString();
    const stream = printed.stream === 'out' ? 'stdout' : 'stderr';
    process[stream].write(process[stream].isTTY ? terminalSafe(text) : text, (error) => {
      if (error == null) daemon.unwritten.wrote(stream);
    });
  };
  const progress = (record: ProgressRecord): void => {
    if (json) stderr.write(`${JSON.stringify(record)}\n`);
    else say(record.message);
  };
  try {
    if (metrics !== null) await daemon.serveMetrics(metrics);
    await runApps(daemon, apps, print, progress);
    void manager.ready();
    // Workers whose primary was killed may still be serving.
    await Promise.race([signalled, ended.then(async () => daemon.drainAll({}, () => {}))]);
    return exitCode(daemon);
  } catch (error) {
    if (isStopping) {
      // It cut the start short.
      await signalled;
      return exitCode(daemon);
    }
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

function upgradeOnSignal(daemon: Daemon, log: Log): void {
  try {
    daemon.upgrade.begin({}, true);
  } catch (error) {
    log(`SIGHUP: ${LbError.from(error).message}`);
  }
}

/** SIGUSR2, as in PM2. */
function reopenLogsOnSignal(daemon: Daemon, log: Log): void {
  process.on('SIGUSR2', () => {
    for (const app of daemon.registry.all) {
      daemon.reopenLogs(app).catch((error: unknown) => log(`${app.name}: its log files were not reopened: ${LbError.from(error).message}`));
    }
  });
}

interface DrainEvents {
  readonly begun?: () => void;
  readonly done: (signal: NodeJS.Signals) => void;
}

function drainOnSignal(daemon: Daemon, manager: ServiceManager, log: Log, { begun, done }: DrainEvents): void {
  let signals = 0;
  const drain = (signal: NodeJS.Signals): void => {
    signals++;
    begun?.();
    log(signals === 1 ? `${signal}: draining all apps` : `${signal} again: cutting the drain short`);
    void manager.stopping('draining all apps', stopTimeOf(daemon.registry));
    void daemon.drainAll(signals > 1 ? { now: true } : {}, (record) => log(record.message)).then(signals === 1 ? () => done(signal) : () => {});
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
}
