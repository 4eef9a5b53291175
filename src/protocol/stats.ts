import type { AppSnapshot } from './snapshot.ts';

/** The changing part of an app's snapshot, which its primary sends to the daemon periodically. */
export type AppStats = Pick<
  AppSnapshot,
  | 'name'
  | 'state'
  | 'instances'
  | 'ready'
  | 'generation'
  | 'primaryPid'
  | 'startedAt'
  | 'cpuPercent'
  | 'memoryBytes'
  | 'connections'
  | 'queued'
  | 'panic'
  | 'requestsPerSecond'
  | 'p50Ms'
  | 'p95Ms'
  | 'p99Ms'
  | 'errorRate'
  | 'workers'
  | 'departed'
  | 'totals'
  | 'replacement'
  | 'accept'
>;
