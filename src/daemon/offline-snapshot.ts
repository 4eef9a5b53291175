import type { AppSpec } from '../lifecycle/app-spec.ts';
import { namespaceOf } from '../lifecycle/namespace.ts';
import { NO_TOTALS } from '../metrics/totals.ts';
import type { AppState } from '../lifecycle/states.ts';
import { shownSpec } from '../protocol/shown-spec.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';

/** An app without a primary, for people and programs. `last` is what was known when it had one. */
export function offlineSnapshot(
  app: { readonly spec: AppSpec; readonly generation: number; readonly error: string | null },
  state: AppState,
  last: AppSnapshot | null,
): AppSnapshot {
  const { spec } = app;
  return {
    name: spec.name,
    ...namespaceOf(spec),
    state,
    instances: spec.instances,
    ready: 0,
    healthy: 0,
    generation: app.generation,
    node: '',
    primaryPid: null,
    startedAt: null,
    uptimeMs: null,
    restarts: last?.restarts ?? 0,
    recycles: last?.recycles ?? 0,
    cpuPercent: null,
    memoryBytes: null,
    connections: 0,
    queued: 0,
    panic: false,
    proxyRejections: { malformed: 0, timeout: 0, untrusted: 0, closed: 0 },
    requestsPerSecond: 0,
    p50Ms: null,
    p95Ms: null,
    p99Ms: null,
    errorRate: null,
    totals: NO_TOTALS,
    listeners: [],
    unserved: [],
    expectedPort: null,
    generations: [],
    generationNote: null,
    workers: [],
    health: [],
    troubledSlots: [],
    autoscaling:
      spec.scale === null
        ? null
        : { on: spec.scale.on, min: spec.scale.min, max: spec.scale.max, target: spec.scale.target, now: null, last: last?.autoscaling?.last ?? null },
    operation: null,
    queuedOperations: [],
    lastExits: last?.lastExits ?? [],
    error: app.error,
    socketsKept: false,
    spec: shownSpec(spec),
  };
}
