import { currentWorkers } from '../lifecycle/current-workers.ts';
import { RECYCLE_REASONS } from '../lifecycle/recycle-limits.ts';
import { APP_STATES, WORKER_STATES } from '../lifecycle/states.ts';
import type { WorkerSnapshot } from '../protocol/snapshot.ts';
import type { AppStats } from '../protocol/stats.ts';
import { EXIT_CAUSES, PROXY_REJECTIONS, type AppTotals, type Counters } from '../protocol/totals.ts';
import { LATENCY_BUCKETS_MS } from '../protocol/worker.ts';
import type { Family, MetricType, Sample } from './exposition.ts';

/** Facts about the daemon. */
export interface DaemonFacts {
  readonly version: string;
  readonly node: string;
  readonly startedAtSeconds: number;
  readonly residentBytes: number;
}

const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'];
const PRESENT_STATES = WORKER_STATES.filter((state) => state !== 'exited');

const seconds = (ms: number): number => ms / 1000;
const orNull = (value: number | null, of: (value: number) => number): number | null => (value === null ? null : of(value));

/** All metrics of `lb`. Names and units follow Prometheus' conventions. */
export function families(apps: readonly AppStats[], daemon: DaemonFacts): Family[] {
  return [
    family('lb_build_info', 'gauge', 'Versions of the lb daemon and its Node.js, as labels; always 1.', [
      { labels: { version: daemon.version, node: daemon.node }, value: 1 },
    ]),
    family('lb_daemon_start_time_seconds', 'gauge', 'Start time of the daemon, in seconds since the epoch.', [{ labels: {}, value: daemon.startedAtSeconds }]),
    family('lb_daemon_resident_memory_bytes', 'gauge', 'Resident memory of the daemon, in bytes.', [{ labels: {}, value: daemon.residentBytes }]),
    ...APP_FAMILIES.map(({ name, type, help, of }) =>
      family(
        name,
        type,
        help,
        apps.flatMap((app) => samplesOf(app.name, of(app))),
      ),
    ),
    ...slotFamilies(apps),
    ...summedFamilies(apps),
    ...workerFamilies(apps),
  ];
}

const family = (name: string, type: MetricType, help: string, samples: readonly Sample[]): Family => ({ name, type, help, samples });

type Values = number | null | readonly Sample[];

function samplesOf(app: string, values: Values): readonly Sample[] {
  if (values === null) return [];
  if (typeof values === 'number') return [{ labels: { app }, value: values }];
  return values.map((sample) => ({ ...sample, labels: { app, ...sample.labels } }));
}

interface FamilyOfApps {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly of: (app: AppStats) => Values;
}

const APP_FAMILIES: readonly FamilyOfApps[] = [
  {
    name: 'lb_app_state',
    type: 'gauge',
    help: '1 for the current state of the app, 0 for the others.',
    of: ({ state }) => APP_STATES.map((one) => ({ labels: { state: one }, value: one === state ? 1 : 0 })),
  },
  { name: 'lb_app_instances', type: 'gauge', help: 'Desired number of workers.', of: ({ instances }) => instances },
  {
    name: 'lb_app_workers',
    type: 'gauge',
    help: 'Workers by state; during a reload, a slot has two.',
    of: ({ workers }) => PRESENT_STATES.map((state) => ({ labels: { state }, value: workers.filter((worker) => worker.state === state).length })),
  },
  { name: 'lb_app_generation', type: 'gauge', help: 'Number of the current generation; each reload and restart adds one.', of: ({ generation }) => generation },
  {
    name: 'lb_app_start_time_seconds',
    type: 'gauge',
    help: 'Start time of the app, in seconds since the epoch.',
    of: ({ startedAt }) => orNull(startedAt, seconds),
  },
  { name: 'lb_app_panic', type: 'gauge', help: '1 while health is ignored because too few workers are healthy.', of: ({ panic }) => (panic ? 1 : 0) },
  {
    name: 'lb_app_workers_accept',
    type: 'gauge',
    help: '1 while the workers accept connections themselves, 0 while the primary hands them over.',
    of: ({ accept }) => (accept === undefined ? null : accept.by === 'workers' ? 1 : 0),
  },
  { name: 'lb_connections_queued', type: 'gauge', help: 'Connections waiting for a worker.', of: ({ queued }) => queued },
  {
    name: 'lb_http_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the head of a request to the end of its answer, in seconds.',
    of: ({ totals }) => histogram(totals),
  },
  { name: 'lb_restarts_total', type: 'counter', help: 'Automatic restarts of workers.', of: ({ totals }) => totals.restarts },
  {
    name: 'lb_recycles_total',
    type: 'counter',
    help: 'Workers that lb replaced because they reached a limit or stayed unhealthy, by reason.',
    of: ({ totals }) => byName('reason', RECYCLE_REASONS, totals.recycles ?? {}),
  },
  {
    name: 'lb_worker_exits_total',
    type: 'counter',
    help: 'Exits of workers by cause: exited, crashed or killed on their own, or why lb ended them.',
    of: ({ totals }) => byName('cause', EXIT_CAUSES, totals.exits),
  },
  {
    name: 'lb_health_ejections_total',
    type: 'counter',
    help: 'Ejections: workers taken out of rotation because they were unhealthy.',
    of: ({ totals }) => totals.ejections,
  },
  {
    name: 'lb_proxy_header_rejections_total',
    type: 'counter',
    help: 'Connections closed because of their PROXY header, by reason.',
    of: ({ totals }) => byName('reason', PROXY_REJECTIONS, totals.proxyRejections),
  },
];

/** Includes all names from the start: `increase()` does not count the appearance of a series. */
const byName = <N extends string>(label: string, names: readonly N[], counts: Readonly<Partial<Record<N, number>>>): Sample[] =>
  [...names].sort().map((name) => ({ labels: { [label]: name }, value: counts[name] ?? 0 }));

function histogram({ latency, latencySumMs }: AppTotals): Sample[] {
  let below = 0;
  const buckets = [...LATENCY_BUCKETS_MS, Number.POSITIVE_INFINITY].map((upperMs, i): Sample => {
    below += latency[i] ?? 0;
    return { suffix: '_bucket', labels: { le: upperMs === Number.POSITIVE_INFINITY ? '+Inf' : seconds(upperMs) }, value: below };
  });
  return [...buckets, { suffix: '_sum', labels: {}, value: seconds(latencySumMs) }, { suffix: '_count', labels: {}, value: below }];
}

const SLOT_COUNTERS: readonly { readonly name: string; readonly help: string; readonly of: (slot: Counters) => number }[] = [
  { name: 'lb_network_receive_bytes_total', help: 'Bytes received on HTTP connections, without the TLS overhead.', of: ({ bytesReceived }) => bytesReceived },
  { name: 'lb_network_transmit_bytes_total', help: 'Bytes sent on HTTP connections, without the TLS overhead.', of: ({ bytesSent }) => bytesSent },
  { name: 'lb_connections_accepted_total', help: 'Connections that the workers took.', of: ({ accepted }) => accepted },
  {
    name: 'lb_connections_refused_total',
    help: 'Connections that a worker gave back or could not receive; they went to another worker.',
    of: ({ refused }) => refused,
  },
  { name: 'lb_worker_cpu_seconds_total', help: 'User and system CPU time, in seconds.', of: ({ cpuMs }) => seconds(cpuMs) },
  { name: 'lb_gc_seconds_total', help: 'Time spent in garbage collection, in seconds.', of: ({ gcMs }) => seconds(gcMs) },
  { name: 'lb_gc_runs_total', help: 'Garbage collections.', of: ({ gcCount }) => gcCount },
];

/** Metrics per slot, summed over all its workers. */
function slotFamilies(apps: readonly AppStats[]): Family[] {
  const slots = apps.flatMap(({ name, totals }) => Object.entries(totals.slots).map(([slot, counters]) => ({ labels: { app: name, slot }, counters })));
  const requests = slots.flatMap(({ labels, counters }) => STATUS_CLASSES.map((code, i) => ({ labels: { ...labels, code }, value: counters.answers[i] ?? 0 })));
  return [
    family('lb_http_requests_total', 'counter', 'Answered requests by status class.', requests),
    ...SLOT_COUNTERS.map(({ name, help, of }) =>
      family(
        name,
        'counter',
        help,
        slots.map(({ labels, counters }) => ({ labels, value: of(counters) })),
      ),
    ),
  ];
}

const WORKER_GAUGES: readonly { readonly name: string; readonly help: string; readonly of: (worker: WorkerSnapshot) => number | null }[] = [
  { name: 'lb_worker_ready', help: '1 while the worker is ready.', of: ({ state }) => (state === 'ready' ? 1 : 0) },
  { name: 'lb_worker_start_time_seconds', help: 'Start time of the worker, in seconds since the epoch.', of: ({ startedAt }) => seconds(startedAt) },
  { name: 'lb_worker_weight', help: 'Weight of the worker for new connections, relative to the others.', of: ({ weight }) => weight },
  { name: 'lb_worker_resident_memory_bytes', help: 'Resident memory, in bytes.', of: ({ memoryBytes }) => memoryBytes },
  { name: 'lb_worker_heap_used_bytes', help: 'Used JavaScript heap, in bytes.', of: ({ heapUsedBytes }) => heapUsedBytes },
  { name: 'lb_worker_heap_limit_bytes', help: 'Maximum size of the JavaScript heap, in bytes.', of: ({ heapLimitBytes }) => heapLimitBytes },
  { name: 'lb_worker_open_handles', help: 'Sockets, timers and other handles that keep the process alive.', of: ({ handles }) => handles },
  {
    name: 'lb_connections_handoff_seconds',
    help: 'Average time from the arrival of a connection until the worker took it, in seconds.',
    of: ({ handOffMs }) => orNull(handOffMs, seconds),
  },
  {
    name: 'lb_eventloop_utilization_ratio',
    help: 'Share of the last second in which the event loop was busy.',
    of: ({ eventLoopUtilization }) => eventLoopUtilization,
  },
  {
    name: 'lb_eventloop_delay_p50_seconds',
    help: 'Median delay of timers in the last second; absent while idle.',
    of: ({ loopDelay }) => orNull(loopDelay?.p50Ms ?? null, seconds),
  },
  {
    name: 'lb_eventloop_delay_p99_seconds',
    help: '99th percentile of the delay of timers in the last second; absent while idle.',
    of: ({ loopDelay }) => orNull(loopDelay?.p99Ms ?? null, seconds),
  },
  {
    name: 'lb_eventloop_delay_max_seconds',
    help: 'Maximum delay of a timer in the last second; absent while idle.',
    of: ({ loopDelay }) => orNull(loopDelay?.maxMs ?? null, seconds),
  },
];

const SUMMED_GAUGES: readonly { readonly name: string; readonly help: string; readonly of: (worker: WorkerSnapshot) => number }[] = [
  { name: 'lb_connections_open', help: 'Open connections.', of: ({ connections }) => connections },
  { name: 'lb_http_requests_in_flight', help: 'Requests in progress.', of: ({ requestsInFlight }) => requestsInFlight },
];

/** Gauges of all workers of each slot, so that they do not fall while one of them drains. */
function summedFamilies(apps: readonly AppStats[]): Family[] {
  return SUMMED_GAUGES.map(({ name, help, of }) => {
    const samples = apps.flatMap(({ name: app, workers }) =>
      [...currentWorkers(workers).keys()].map((slot) => ({
        labels: { app, slot },
        value: workers.reduce((sum, worker) => (worker.slot === slot ? sum + of(worker) : sum), 0),
      })),
    );
    return family(name, 'gauge', help, samples);
  });
}

/** Metrics of the current worker of each slot. */
function workerFamilies(apps: readonly AppStats[]): Family[] {
  const workers = apps.flatMap(({ name, workers: all }) => [...currentWorkers(all)].map(([slot, worker]) => ({ labels: { app: name, slot }, worker })));
  return WORKER_GAUGES.map(({ name, help, of }) =>
    family(
      name,
      'gauge',
      help,
      workers.flatMap(({ labels, worker }) => {
        const value = of(worker);
        return value === null ? [] : [{ labels, value }];
      }),
    ),
  );
}
