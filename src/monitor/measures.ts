import { byteSize } from '../lifecycle/wording.ts';
import type { SlotMetric } from '../protocol/history.ts';
import type { AppSnapshot, WorkerSnapshot } from '../protocol/snapshot.ts';
import { count, millis, percent, share } from './format.ts';

/** A measure that can be charted. */
export interface Measure {
  /** Title in tables. */
  readonly title: string;
  /** Title of a chart. */
  readonly label: string;
  readonly ofApp: (app: AppSnapshot) => number | null;
  readonly ofWorker: (worker: WorkerSnapshot) => number | null;
  /** Name in the daemon's history. */
  readonly metric: SlotMetric;
  readonly format: (value: number) => string;
  /** How to combine several seconds into one column. */
  readonly merge: 'mean' | 'max';
  /** Lowest maximum of a chart's scale, so that small values look small. */
  readonly leastScale: number;
}

const loaded = (app: AppSnapshot, of: (worker: WorkerSnapshot) => number): number | null =>
  app.workers.length === 0 ? null : Math.max(...app.workers.map(of));

/** In the order in which a key cycles through them. */
export const MEASURES: readonly [Measure, ...Measure[]] = [
  {
    title: 'req/s',
    label: 'requests per second',
    ofApp: (app) => app.requestsPerSecond,
    ofWorker: (worker) => worker.requestsPerSecond,
    metric: 'rps',
    format: count,
    merge: 'mean',
    leastScale: 5,
  },
  {
    title: 'cpu',
    label: 'CPU',
    ofApp: (app) => app.cpuPercent,
    ofWorker: (worker) => worker.cpuPercent,
    metric: 'cpu',
    format: percent,
    merge: 'mean',
    leastScale: 20,
  },
  {
    title: 'mem',
    label: 'memory',
    ofApp: (app) => app.memoryBytes,
    ofWorker: (worker) => worker.memoryBytes,
    metric: 'memory',
    format: byteSize,
    merge: 'mean',
    leastScale: 1,
  },
  {
    title: 'p95',
    label: '95th percentile of response times',
    ofApp: (app) => app.p95Ms,
    ofWorker: (worker) => worker.p95Ms,
    metric: 'p95',
    format: millis,
    merge: 'max',
    leastScale: 5,
  },
  {
    title: 'conns',
    label: 'open connections',
    ofApp: (app) => app.connections,
    ofWorker: (worker) => worker.connections,
    metric: 'connections',
    format: count,
    merge: 'mean',
    leastScale: 5,
  },
  {
    title: 'loop',
    label: 'event loop utilization',
    ofApp: (app) => loaded(app, (worker) => worker.eventLoopUtilization),
    ofWorker: (worker) => worker.eventLoopUtilization,
    metric: 'elu',
    format: share,
    merge: 'mean',
    leastScale: 1,
  },
  {
    title: 'delay',
    label: 'event loop delay',
    ofApp: (app) => loaded(app, (worker) => worker.eventLoopDelayMs),
    ofWorker: (worker) => worker.eventLoopDelayMs,
    metric: 'delay',
    format: millis,
    merge: 'max',
    leastScale: 20,
  },
];
