import type { AppSnapshot } from './snapshot.ts';

/** What of an app changes from second to second: what its primary tells the daemon without being asked. */
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
  | 'totals'
>;
