import { OPERATION_NAMES } from './operation-name.ts';
import { keysOf } from './keys-of.ts';

/** How much attention an event needs, in ascending order. */
export const SEVERITIES = ['info', 'warn', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

interface KindEntry {
  /** The default; for `cron`, `watch`, `exit`, `operation` and `ended` it depends on the outcome. */
  readonly severity: Severity;
  /** One sentence without a full stop. */
  readonly doc: string;
}

/** Every kind of event and its meaning; a test compares `docs/events.md` with this table. */
export const EVENT_KINDS = {
  start: { severity: 'info', doc: 'a worker process was started' },
  ready: { severity: 'info', doc: 'a worker takes connections for the first time' },
  'not-ready': { severity: 'warn', doc: 'a worker did not become ready in time and is being ended' },
  'listener-missing': { severity: 'warn', doc: 'a replacement does not listen where the worker before it did, but serves anyway' },
  drain: { severity: 'info', doc: 'a worker gets no new connections and finishes the ones it has' },
  exit: { severity: 'warn', doc: 'a worker has exited, with everything known about the cause' },
  'fork-failed': { severity: 'error', doc: 'a worker process could not be started' },
  errored: { severity: 'error', doc: 'a slot has given up: its worker exited too often too soon' },
  eject: { severity: 'warn', doc: 'a worker is out of rotation because it is not healthy' },
  readmit: { severity: 'info', doc: 'an ejected worker is back in rotation' },
  'self-report': { severity: 'info', doc: 'a worker reported drain, down, ready or weight' },
  hung: { severity: 'error', doc: 'a worker sent no heartbeat for `hang_timeout` and is being replaced' },
  cron: { severity: 'info', doc: 'a tick of `cron_restart`: what it began, or why it was skipped' },
  watch: { severity: 'info', doc: 'files of `watch` have changed: what that began, or why it could not' },
  recycle: { severity: 'info', doc: 'a worker reached a limit, or was unhealthy for too long, and is being replaced' },
  'before-reload': { severity: 'info', doc: 'the `before_reload` command of an app has ended with 0; its reload begins' },
  'before-reload-failed': { severity: 'error', doc: 'the `before_reload` command of an app failed, so nothing was reloaded' },
  dependency: { severity: 'warn', doc: 'an app was started although one on which it depends is not ready, or does not run' },
  'limit-low': { severity: 'warn', doc: 'workers reach a limit soon after their start, again and again; they are replaced less and less often' },
  'operation-begin': { severity: 'info', doc: `an operation (${OPERATION_NAMES.join(', ')}) begins` },
  operation: { severity: 'info', doc: 'an operation has ended, successfully or not' },
  rollback: { severity: 'warn', doc: 'a reload goes back to the previous definition' },
  scale: { severity: 'info', doc: 'autoscaling changed the number of workers, or could not, or was turned on or off' },
  rebalance: { severity: 'info', doc: 'keep-alive connections are being rebalanced because a worker has joined' },
  ended: { severity: 'info', doc: 'an app has no workers left and will start none: it was stopped, or has given up' },
  'queue-short': { severity: 'warn', doc: 'few connections can wait in the kernel, because `net.core.somaxconn` is small; reported once for each primary' },
  'memory-pressure': { severity: 'warn', doc: 'the machine or container is running out of memory' },
  log: { severity: 'warn', doc: "an app's log file cannot be written, loses output, or is shared with another app" },
  'pid-file': { severity: 'warn', doc: 'the `pid_file` of an app cannot be written' },
  'health-port': { severity: 'warn', doc: 'the readiness endpoint cannot listen' },
  'metrics-port': { severity: 'warn', doc: 'the metrics cannot be served at the saved address' },
  'share-failed': { severity: 'warn', doc: 'the control socket for a group cannot be opened where it was saved' },
  'name-taken': { severity: 'warn', doc: 'another user holds a name that the daemon needs: that of its lock, or its folder in `/tmp`; it uses another one' },
  profile: { severity: 'info', doc: 'a profile or report of a worker was written' },
  'profile-failed': { severity: 'warn', doc: 'a profile or report of a worker failed after it had started' },
  'bad-message': { severity: 'warn', doc: 'a process sent a malformed message, which was ignored; reported at most once a minute for each field' },
  'message-ignored': { severity: 'warn', doc: "a worker's message to its cluster primary was ignored, or could not be sent on (see `ipc`); reported once" },
  'primary-lost': { severity: 'error', doc: "an app's primary ended unexpectedly; another one starts, unless the app was being stopped" },
  'primary-adopted': { severity: 'info', doc: 'this daemon adopted a primary that outlived its daemon' },
  'daemon-unstarted': { severity: 'error', doc: 'the daemon is gone, and the system refuses to start another one; a primary keeps trying' },
  'daemon-start': { severity: 'info', doc: 'a daemon has started' },
  'daemon-socket': { severity: 'warn', doc: 'the control socket or the home was deleted; the daemon recreated it, or cannot' },
  'daemon-end': { severity: 'info', doc: 'a daemon is shutting down' },
  storage: {
    severity: 'warn',
    doc: 'a file of the home cannot be written, or could not be read, and the daemon works without it; or it can be written again',
  },
  bug: { severity: 'error', doc: 'an error in `lb` itself that nothing handled; the process keeps running. Its stack is in `daemon.log`' },
  'primary-replaced': { severity: 'info', doc: 'an upgrade replaced the primary of an app; its sockets stayed open' },
  'upgrade-gap': { severity: 'warn', doc: 'an upgrade replaces the workers of an app stop-first, because it must not run twice' },
  upgrade: { severity: 'info', doc: 'an upgrade begins, takes a step, or has ended' },
  'upgrade-failed': { severity: 'error', doc: 'an upgrade failed, or left out an app; what ran before still runs' },
  'program-copy': { severity: 'warn', doc: "the private copy of lb's own code cannot be made, or was deleted; the message says what runs instead" },
  'hook-failed': { severity: 'warn', doc: 'the `on_event` hook of an app failed, or fell behind and dropped events; never sent to a hook' },
} as const satisfies Readonly<Record<string, KindEntry>>;

export type EventKind = keyof typeof EVENT_KINDS;

export const EVENT_KIND_NAMES = keysOf(EVENT_KINDS);
