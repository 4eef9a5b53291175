import { NO_TOTALS } from '../../src/metrics/totals.ts';
import type { Answer, FromPrimary, Order, ToPrimary } from '../../src/protocol/attach.ts';
import { makeEvent } from '../../src/protocol/event.ts';
import { listedApp } from '../../src/protocol/listed-app.ts';
import { ATTACH_PROTOCOL } from '../../src/protocol/version.ts';
import { MARK, type FromWorker, type ToWorker, type Unmarked } from '../../src/protocol/worker.ts';
import { app, progress, worker } from '../client/samples.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { heartbeat } from '../primary/fake-workers.ts';

/** Every message there is, by kind: one that is forgotten does not compile. */
type ByKind<U, Tag extends keyof U> = { readonly [K in U[Tag] & string]: Extract<U, { readonly [T in Tag]: K }> };

const blockers = { requests: 1, oldestMs: 5, connections: 1, websockets: 0, sockets: 0 };
const peer = { source: { address: '192.0.2.1', port: 5, family: 'IPv4' }, destination: null } as const;
const snapshot = app({
  workers: [worker({ blockers, withdrawn: 'busy', loopDelay: { p50Ms: 1, p99Ms: 2, maxMs: 3 } })],
  health: [
    {
      slot: 0,
      pid: 5001,
      state: 'ejected',
      checks: { passed: 1, failed: 2 },
      last: { ok: false, reason: 'no answer', tookMs: null, at: 1 },
      lastFailures: [{ reason: 'no answer', at: 1 }],
      ejections: 1,
      causes: ['checks failed'],
      sinceMs: 5,
    },
  ],
  troubledSlots: [{ slot: 1, state: 'waiting', restartInMs: 5, restarts: 2, cause: 'exit code 1' }],
  lastFailure: { slot: 1, cause: 'exit code 1', agoMs: 5 },
  autoscaling: { on: true, min: 1, max: 2, target: { metric: 'elu', value: 0.6 }, now: null, last: { at: 1, from: 1, to: 2, reason: 'load' } },
  operation: { kind: 'reload', sinceMs: 4 },
  totals: {
    ...NO_TOTALS,
    exits: { crashed: 1 },
    slots: { 0: { answers: [0, 1, 0, 0, 0], bytesReceived: 1, bytesSent: 1, accepted: 1, refused: 0, cpuMs: 1, gcCount: 0, gcMs: 0 } },
  },
});

const fromWorker: ByKind<Unmarked<FromWorker>, 't'> = {
  listen: {
    t: 'listen',
    seq: 1,
    query: { key: '*|80|4|0', address: null, port: 80, addressType: 4, backlog: 511, flags: 0, readableAll: false, writableAll: false, kind: 'http' },
  },
  unlisten: { t: 'unlisten', key: '*|80|4|0' },
  refused: { t: 'refused', key: '*|80|4|0', peer },
  accepting: { t: 'accepting', key: '*|80|4|0', on: false },
  heartbeat: { t: 'heartbeat', beat: heartbeat({ loopDelay: { p50Ms: 1, p99Ms: 2, maxMs: 3 } }) },
  open: { t: 'open', count: { connections: 1, delivered: 2, accepted: 0 } },
  profiled: { t: 'profiled', path: '/p', bytes: 1, error: null },
  'app-metrics': { t: 'app-metrics', id: 1, text: null },
  tally: { t: 'tally', id: 1, tally: { answers: 9, serverErrors: 1, resets: 2, late: 3, hung: 1 } },
  malformed: { t: 'malformed', field: 'key', problem: 'key: expected a string, got no value' },
  draining: { t: 'draining', quiet: false, handler: 'SIGTERM', blockers },
};

const toWorker: ByKind<Unmarked<ToWorker>, 't'> = {
  listening: { t: 'listening', seq: 1, errno: 0, name: { address: '::', port: 80, family: 'IPv6' } },
  conn: { t: 'conn', key: '*|80|4|0', peer },
  socket: { t: 'socket', key: '*|80|4|0', on: true },
  count: { t: 'count', on: true },
  drain: { t: 'drain' },
  awaited: { t: 'awaited', on: true },
  leave: { t: 'leave', exit: true },
  'app-metrics': { t: 'app-metrics', id: 1 },
  tally: { t: 'tally', id: 1, patience: { lateMs: 500, hungMs: 5_000 } },
  rebalance: { t: 'rebalance', count: 3 },
  probe: { t: 'probe', port: 40_000 },
  profile: { t: 'profile', request: { what: 'cpu', durationMs: 5, path: '/p', partial: '/p.partial' } },
};

const orders: ByKind<Order, 'kind'> = {
  start: { kind: 'start', spec: sampleSpec(), strict: true, generation: 1 },
  reload: { kind: 'reload', spec: sampleSpec(), parallel: 2, monitorMs: 0, onFailure: 'pause', allAtOnce: true },
  restart: { kind: 'restart', now: true, slots: [1] },
  scale: { kind: 'scale', by: -1 },
  stop: { kind: 'stop' },
  balance: { kind: 'balance', strategy: 'random' },
  weight: { kind: 'weight', weights: [{ slot: 0, weight: 2 }] },
  signal: { kind: 'signal', signal: 'SIGUSR2', pid: 5 },
  profile: { kind: 'profile', what: 'cpu', slot: 0 },
  abort: { kind: 'abort' },
  snapshot: { kind: 'snapshot' },
  list: { kind: 'list' },
  'app-metrics': { kind: 'app-metrics' },
  tail: { kind: 'tail', lines: 5 },
  'follow-logs': { kind: 'follow-logs', on: true },
  'reopen-logs': { kind: 'reopen-logs' },
  reset: { kind: 'reset' },
};

const line = { app: 'api', slot: 0, pid: 1, stream: 'out', at: 1, text: 'hello' } as const;
const answers: ByKind<Answer, 'kind'> = {
  snapshot: { kind: 'snapshot', snapshot },
  list: { kind: 'list', app: listedApp(snapshot) },
  tail: { kind: 'tail', lines: [line] },
  profile: { kind: 'profile', file: { what: 'cpu', path: '/p', bytes: 1, slot: 0, pid: 5 } },
  'app-metrics': {
    kind: 'app-metrics',
    metrics: { families: [{ name: 'n', help: '', type: 'gauge', samples: [{ suffix: '', labels: { a: 'b', c: 1 }, value: 2 }] }], missing: 0, leftOut: [] },
  },
  done: { kind: 'done', message: 'ok', snapshot, spec: sampleSpec() },
};

const exit = { code: 1, signal: null, stopReason: null, cause: null, killedAtDeadline: false, uptimeMs: 5, generation: 1 };
const { workers, totals, ...facts } = snapshot;
const socket = { app: 'api', key: '*|80|4|0' };
const name = { address: '::', port: 80, family: 'IPv6' };
/** The hello of a primary that runs nothing yet. */
export const HELLO: Extract<FromPrimary, { readonly type: 'hello' }> = {
  type: 'hello',
  protocol: ATTACH_PROTOCOL,
  name: 'api',
  pid: 7,
  startTime: null,
  proof: null,
  version: '1.2.3',
  sockets: [],
  apps: [],
};
const fromPrimary: Omit<ByKind<FromPrimary, 'type'>, 'answer'> = {
  hello: { ...HELLO, startTime: 5, proof: 20, sockets: [{ app: 'api', key: '*|80|4|0' }], apps: [{ spec: sampleSpec(), snapshot }] },
  progress: { type: 'progress', app: 'api', id: 1, record: progress({ blockers }) },
  failed: { type: 'failed', app: 'api', id: 1, error: { code: 'LB_ERR_INTERNAL', message: 'm', hint: 'h', output: ['o'], details: { a: 1, b: 'c' } } },
  event: { type: 'event', app: 'api', event: makeEvent('api', 1, 'exit', 'worker 0 ended', { slot: 0, pid: 5 }, exit) },
  redefined: { type: 'redefined', app: 'api', spec: sampleSpec(), snapshot },
  stats: { type: 'stats', app: 'api', stats: { ...facts, workers, totals } },
  log: { type: 'log', app: 'api', lines: [line], dropped: 0 },
  ended: { type: 'ended', app: 'api', state: 'stopped', error: null, snapshot },
  keep: { type: 'keep', ...socket, name },
  drop: { type: 'drop', ...socket },
  bind: { type: 'bind', ...socket, address: '127.0.0.1', port: 80, addressType: 4, flags: 0 },
  'keep-output': { type: 'keep-output', app: 'api', origin: { slot: 0, pid: 7, stream: 'out' } },
  'drop-output': { type: 'drop-output', app: 'api', origin: { slot: 0, pid: 7, stream: 'err' } },
  pong: { type: 'pong', seq: 1 },
  ping: { type: 'ping' },
};

const marked = (messages: Readonly<Record<string, object>>): readonly object[] => Object.values(messages).map((message) => ({ cmd: MARK, ...message }));

/** One of every kind of each channel. */
export const FROM_WORKER = marked(fromWorker);
export const TO_WORKER = marked(toWorker);
export const TO_PRIMARY: readonly ToPrimary[] = [
  ...Object.values(orders).map((order) => ({ type: 'order', id: 1, app: 'api', order }) as const),
  { type: 'challenge' },
  { type: 'welcome' },
  { type: 'keep', ...socket, name },
  { type: 'dropped', ...socket },
  { type: 'unbound', ...socket, errno: -13 },
  { type: 'leave' },
  { type: 'ping', seq: 1 },
  { type: 'pong' },
];
export const FROM_PRIMARY: readonly FromPrimary[] = [
  ...Object.values(fromPrimary),
  ...Object.values(answers).map((answer) => ({ type: 'answer', app: 'api', id: 1, answer }) as const),
];
