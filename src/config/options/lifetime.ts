import * as kinds from '../kinds.ts';
import { withDefault } from './option.ts';

const MIB = 1024 ** 2;

/** How workers come up, go down and come back. */
export const LIFETIME_OPTIONS = {
  wait_ready: withDefault({
    group: 'Start and stop',
    kind: kinds.boolean,
    flags: ['--wait-ready'],
    default: false,
    doc: "a worker is ready only when it calls `process.send('ready')`",
    notes: 'Without it a worker is ready when it listens, or, if it never listens, when it has survived `min_uptime`.',
  }),
  listen_timeout: withDefault({
    group: 'Start and stop',
    kind: kinds.durationMs,
    flags: ['--listen-timeout <time>'],
    default: 30_000,
    doc: 'time a worker has to become ready',
    notes: 'A worker that is not ready by then has failed: the start or reload fails and the old workers stay.',
    check: (ms) => (ms >= 1 ? undefined : 'a duration above 0'),
  }),
  kill_timeout: withDefault({
    group: 'Start and stop',
    kind: kinds.durationMs,
    flags: ['-k, --kill-timeout <time>'],
    default: 30_000,
    doc: 'time a worker has to finish its requests and exit before SIGKILL',
    notes: 'It bounds the whole way out: drain, stop signal and the time the app takes to exit. 0 kills at once and loses requests in flight.',
  }),
  shutdown_with_message: withDefault({
    group: 'Start and stop',
    kind: kinds.boolean,
    flags: ['--shutdown-with-message'],
    default: false,
    doc: 'tell a worker to stop with the message `shutdown` instead of a signal',
    notes: "The app gets it with `process.on('message')`, after its HTTP connections are drained.",
  }),
  autorestart: withDefault({
    group: 'Restarts and limits',
    kind: kinds.boolean,
    flags: ['--no-autorestart'],
    default: true,
    doc: 'restart a worker that ends by itself',
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
    doc: 'a worker that ends sooner counts as unstable',
    notes: 'See `max_restarts`. An app that never listens is ready after this time.',
  }),
  max_restarts: withDefault({
    group: 'Restarts and limits',
    kind: kinds.integer(0, Number.MAX_SAFE_INTEGER),
    flags: ['--max-restarts <n>'],
    default: 16,
    doc: 'unstable restarts in a row before a worker is given up',
    notes: 'The other workers go on serving.',
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
    notes: 'The first restart is immediate; then the delay doubles up to 30 s and is reset after 30 s of stable work. PM2 has no backoff by default.',
  }),
  max_memory_restart: withDefault({
    group: 'Restarts and limits',
    kind: kinds.orOff(kinds.bytes(MIB)),
    flags: ['--max-memory-restart <size>'],
    default: null,
    doc: 'replace a worker whose resident memory is above this size',
    notes: 'The new worker is ready before the old one drains, one worker of the app at a time. Memory is sampled every second.',
  }),
};
