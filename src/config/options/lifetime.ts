import { NOTICE_MS } from '../../lifecycle/stop-ladder.ts';
import { fieldsOrOff } from '../fields-kind.ts';
import type { Kind } from '../kind.ts';
import * as kinds from '../kinds.ts';
import { readyWhen } from '../ready-when-kind.ts';
import { appNames } from '../extra-kinds.ts';
import { signal } from '../signal-kind.ts';
import { formatDuration } from '../units.ts';
import { option, withDefault } from './option.ts';

const MIB = 1024 ** 2;

const BEFORE_RELOAD_FIELDS = {
  command: { kind: kinds.string as Kind<string | null>, default: null, defaultText: 'none; required', doc: 'shell command' },
  timeout: { kind: kinds.durationMs, default: 300_000, doc: 'time it has; then all that it started is killed' },
};

/** Readiness, shutdown, restarts and limits of workers. */
export const LIFETIME_OPTIONS = {
  ready_when: option({
    group: 'Start and stop',
    kind: readyWhen,
    flags: ['--ready-when <what>'],
    defaultText: 'it listens, or has lived for `min_uptime`',
    doc: 'what shows that a command is ready: a port, or a path that is answered',
    notes:
      'For programs that are not Node.js. `8000`: that port of this machine accepts a connection. `"/health"`: a GET of it, on `port` or `PORT`, is answered with a status below 400; `{ path, port }` names the port. `{ command }`: that shell command ends with 0, in the environment and directory of the app. `{ file }`: that file, relative to `cwd`, was written since the start. Nothing else makes the app ready then; if that does not happen within `listen_timeout`, the start or reload fails.',
  }),
  depends_on: withDefault({
    group: 'Start and stop',
    kind: appNames,
    default: [],
    doc: 'apps of the same file that start before this one, and stop after it',
    notes:
      'An array of names as in the file, or one name. It orders the start of several apps, their start after a reboot, and the stop of several: `lb stop` and `lb delete` with several targets, `lb kill`, and the end of the daemon by a signal (then not for an app with `stop_grace`, so that it ends in time; `lb run` sets one). A dependency counts as started when `ready_min` of its workers are ready; a job (`autorestart: false`) also when it has ended. If one is not ready within its `listen_timeout`, or does not run, this app starts anyway, with a warning and the event `dependency`. `lb start api` alone starts nothing else, and `lb stop db` stops nothing else. If a dependency crashes later, this app is not affected.',
  }),
  before_reload: withDefault({
    group: 'Start and stop',
    kind: fieldsOrOff({ fields: BEFORE_RELOAD_FIELDS, shorthand: 'command', needsFields: true }),
    flags: ['--before-reload <command>'],
    default: null,
    doc: 'a command, such as a migration, that must succeed before a reload replaces anything',
    check: (hook) => (hook === null || (hook.command !== null && hook.command.trim() !== '') ? undefined : 'a command'),
    notes:
      'It runs once for each `lb reload` and each reload by `lb apply`, with a shell, as the user of the app, in the `cwd` and with the environment of the new definition, but before any worker of it starts. If it does not end with 0 within its `timeout`, nothing is replaced, its last lines are shown, and the exit code is 1 (`LB_ERR_BEFORE_RELOAD`). It does not run at a start or restart, when one slot is reloaded, and when `cron_restart`, `watch`, a limit or an upgrade replaces workers. The old version still serves when it has run, so a migration must suit both.',
  }),
  wait_ready: withDefault({
    group: 'Start and stop',
    kind: kinds.boolean,
    flags: ['--wait-ready'],
    default: false,
    doc: "a worker is ready only when it calls `process.send('ready')`",
    notes: 'Without this a worker is ready when it listens or, if it never listens, when it has survived `min_uptime`.',
  }),
  listen_timeout: withDefault({
    group: 'Start and stop',
    kind: kinds.durationMs,
    flags: ['--listen-timeout <time>'],
    default: 30_000,
    doc: 'time a worker has to become ready',
    notes: 'A worker that is not ready by then has failed: the start or reload fails, and the old workers stay.',
    check: (ms) => (ms >= 1 ? undefined : 'a duration above 0'),
  }),
  kill_timeout: withDefault({
    group: 'Start and stop',
    kind: kinds.durationMs,
    flags: ['-k, --kill-timeout <time>'],
    default: 30_000,
    doc: 'time a worker has to finish its requests and exit before SIGKILL',
    notes: 'It limits the whole shutdown: the drain, the stop signal and the exit of the app. 0 kills at once, and requests in progress fail.',
  }),
  drain_idle: withDefault({
    group: 'Start and stop',
    kind: kinds.durationMs,
    flags: ['--drain-idle <time>'],
    default: 10_000,
    doc: 'while a worker drains, close keep-alive connections that have been idle for this time',
    notes:
      'Counted from the last byte of the connection. Before that, it ends with its next answer, or by the `keepAliveTimeout` of the server. A request that arrives in the moment of the close is lost, as at the end of that timeout; a long `drain_idle` makes this rarer. [reliability.md](reliability.md#what-drain_idle-costs) says how many that are.',
  }),
  max_draining: withDefault({
    group: 'Start and stop',
    kind: kinds.orOff(kinds.integer(1, Number.MAX_SAFE_INTEGER)),
    flags: ['--max-draining <n>'],
    default: null,
    defaultText: 'number of workers',
    doc: 'how many workers of the app may drain at a time',
    notes:
      'During a reload, old workers drain while new ones start, so the app has up to this many workers more than usual (at least `--parallel`). It counts reloads, replacements and scaling down together. A stop, a restart and `--all-at-once` drain all workers at once.',
  }),
  overlap: option({
    group: 'Start and stop',
    kind: kinds.boolean,
    flags: ['--overlap', '--no-overlap'],
    defaultText: 'decided by `lb`',
    doc: 'whether the old and the new worker may run side by side when one replaces the other',
    notes:
      'With `true` the new worker starts first, so one is always running. With `false` the old process ends first, as in PM2. Without this option `lb` starts first where it can: not for plain apps that never listened (bots, queue consumers and loops of jobs would run twice), nor for apps that opened a socket by themselves which two of them cannot have. See [lifecycle.md](lifecycle.md#start-first-or-stop-first).',
  }),
  kill_signal: option({
    group: 'Start and stop',
    kind: signal,
    flags: ['--kill-signal <signal>'],
    defaultText: '`SIGTERM`; `SIGINT` for a Node.js app that handles only that',
    doc: 'the signal that asks the app to stop',
    notes:
      'A Node.js app gets it when its HTTP connections are drained, whether or not it handles the signal. For a command, the first process gets it, or the whole process group if the first process is a shell waiting for what it runs; at three quarters of `kill_timeout` the group gets it in any case.',
  }),
  treekill: withDefault({
    group: 'Start and stop',
    kind: kinds.boolean,
    flags: ['--no-treekill'],
    default: true,
    doc: 'end the processes that a worker started when the worker ends',
    notes:
      'With `false`, only the worker itself is asked, and killed at the end; the processes that it started keep running, except when the primary dies. Processes in a session of their own always keep running.',
  }),
  shutdown_with_message: withDefault({
    group: 'Start and stop',
    kind: kinds.boolean,
    flags: ['--shutdown-with-message'],
    default: false,
    doc: 'ask a worker to stop with the message `shutdown` instead of a signal',
    notes: "The app receives it with `process.on('message')` once its HTTP connections are drained.",
  }),
  autorestart: withDefault({
    group: 'Restarts and limits',
    kind: kinds.boolean,
    flags: ['--no-autorestart'],
    default: true,
    doc: 'restart a worker that exits on its own',
  }),
  autostart: withDefault({
    group: 'Start and stop',
    kind: kinds.boolean,
    flags: ['--no-autostart'],
    default: true,
    doc: 'start the app when it is defined',
    notes:
      'With `false`, `lb start` of its file or script only defines the app, and `lb start <app>` starts it. With `cron_restart` or `watch` it waits for the first tick or change.',
  }),
  stop_exit_codes: withDefault({
    group: 'Restarts and limits',
    kind: kinds.integerList(0, 255),
    flags: ['--stop-exit-codes <codes>'],
    default: [],
    doc: 'exit codes after which a worker is not restarted, such as `0,143`',
  }),
  min_uptime: withDefault({
    group: 'Restarts and limits',
    kind: kinds.durationMs,
    flags: ['--min-uptime <time>'],
    default: 1_000,
    doc: 'a worker that exits sooner counts as unstable',
    notes: 'See `max_restarts`. An app that never listens is ready after this time.',
  }),
  max_restarts: withDefault({
    group: 'Restarts and limits',
    kind: kinds.integer(0, Number.MAX_SAFE_INTEGER),
    flags: ['--max-restarts <n>'],
    default: 16,
    doc: 'unstable restarts in a row before a slot gives up',
    notes: 'The other workers keep serving.',
  }),
  restart_delay: withDefault({
    group: 'Restarts and limits',
    kind: kinds.orOff(kinds.durationMs),
    flags: ['--restart-delay <time>'],
    default: null,
    doc: 'fixed delay before every restart after a crash',
    notes: 'It replaces the exponential backoff.',
  }),
  exp_backoff_restart_delay: withDefault({
    group: 'Restarts and limits',
    kind: kinds.durationMs,
    flags: ['--exp-backoff-restart-delay <time>'],
    default: 100,
    doc: 'first delay of the exponential backoff between restarts',
    notes: 'The first restart is immediate; then the delay doubles up to 30 s and is reset once a worker has run for 30 s. PM2 has no backoff by default.',
  }),
  max_memory_restart: withDefault({
    group: 'Restarts and limits',
    kind: kinds.orOff(kinds.bytes(MIB)),
    flags: ['--max-memory-restart <size>'],
    default: null,
    doc: 'replace a worker whose resident memory exceeds this size',
    notes: 'The new worker is ready before the old one drains; one worker of the app at a time. Memory is sampled every second.',
  }),
  max_memory_kill: withDefault({
    group: 'Restarts and limits',
    kind: kinds.orOff(kinds.bytes(MIB)),
    flags: ['--max-memory-kill <size>'],
    default: null,
    doc: 'immediately kill a worker whose resident memory exceeds this size',
    notes: 'A hard limit above `max_memory_restart`, for a worker that leaks faster than it can be replaced. Its requests in progress fail.',
  }),
  max_requests: withDefault({
    group: 'Restarts and limits',
    kind: kinds.orOff(kinds.integer(1, Number.MAX_SAFE_INTEGER)),
    flags: ['--max-requests <n>'],
    default: null,
    doc: 'replace a worker after this many requests',
    notes: 'The new worker is ready before the old one drains; one worker of the app at a time. See `recycle_jitter`.',
  }),
  max_lifetime: withDefault({
    group: 'Restarts and limits',
    kind: kinds.orOff(kinds.durationMs),
    flags: ['--max-lifetime <time>'],
    default: null,
    doc: 'replace a worker after this time',
    notes: 'Works like `max_requests`.',
  }),
  recycle_jitter: withDefault({
    group: 'Restarts and limits',
    kind: kinds.share(0, 1),
    flags: ['--recycle-jitter <share>'],
    default: 0.1,
    doc: 'how far to spread `max_requests` and `max_lifetime` across the slots, as a share, so that workers do not reach them together',
  }),
  stop_grace: withDefault({
    group: 'Start and stop',
    kind: kinds.orOff(kinds.durationMs),
    flags: ['--stop-grace <time>'],
    default: null,
    defaultText: '10s in `lb run`, else off',
    doc: 'upper limit for stopping the app, whatever the other options say',
    notes:
      'Set it to what the container or service manager allows before it kills (`docker stop`: 10 s). It covers `drain_delay` (a third of it at most), the drain, the stop signal and the kill, which comes 5 %, at least half a second, before its end; the app is asked to stop at three quarters of what is left after the delay, at the latest. It does not apply to reloads. `lb run` always has one; set a longer one there if more time is allowed. The environment variable `LB_STOP_GRACE` sets it for every app of a command, above the config file and below the flag.',
    check: (ms) => (ms === null || ms >= 1 ? undefined : 'a duration above 0'),
  }),
  drain_delay: option({
    group: 'Start and stop',
    kind: kinds.durationMs,
    flags: ['--drain-delay <time>'],
    defaultText: `\`${formatDuration(NOTICE_MS)}\` with \`health_port\`, else \`0ms\``,
    doc: 'time between reporting not ready and draining when the app is stopped',
    notes:
      'For a load balancer in front that checks `health_port`: `/ready` answers 503 at once, and the app keeps serving for this time, at most a third of `stop_grace`. It must be longer than the interval of the checks times the failures that the balancer wants to see. A second stop, or `--now`, skips it.',
  }),
};
