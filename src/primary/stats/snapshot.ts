import { expectedPort } from '../../lifecycle/expected-port.ts';
import { describeGenerations, isNoteworthy } from '../../lifecycle/generations.ts';
import { namespaceOf } from '../../lifecycle/namespace.ts';
import { crashLoops } from '../../lifecycle/restart-policy.ts';
import { appState } from '../../lifecycle/states.ts';
import { addBuckets, emptyBuckets, quantile } from '../../metrics/latency.ts';
import type { AppSnapshot, SlotTrouble, WorkerSnapshot } from '../../protocol/snapshot.ts';
import { shownSpec } from '../../protocol/shown-spec.ts';
import type { AppStats } from '../../protocol/stats.ts';
import { now } from '../../system/clock.ts';
import { ownLimits } from '../../system/limits.ts';
import type { AcceptWatch } from '../ingress/accept-watch.ts';
import type { Ingress } from '../ingress/ingress.ts';
import type { ListenerContract } from '../ingress/listener-contract.ts';
import type { Router } from '../ingress/router.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import type { Autoscaler } from '../scaling/autoscaler.ts';
import type { CronClock } from '../triggers/cron-clock.ts';
import type { Supervisor } from '../supervisor.ts';
import type { Limits } from '../watch/limits.ts';
import type { Watch } from '../watch/watch.ts';
import type { ExitHistory } from '../workers/exit-history.ts';
import type { Generations } from '../workers/generations.ts';
import { currentWorker, type Pool, type Slot } from '../workers/pool.ts';
import type { ReplacementWatch } from '../workers/replacement-watch.ts';
import { presentLoad, requestsPerSecond } from '../workers/present-load.ts';
import type { RecentTraffic } from '../workers/recent-traffic.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';

interface StatsParts {
  readonly pool: Pool;
  readonly runner: OperationRunner;
  readonly supervisor: Supervisor;
  readonly ingress: Ingress;
  readonly contract: ListenerContract;
  readonly router: Router;
  readonly acceptance: AcceptWatch;
  readonly replacement: ReplacementWatch;
}

export interface SnapshotParts extends StatsParts {
  readonly watch: Watch;
  readonly limits: Limits;
  readonly autoscaler: Autoscaler;
  readonly cron: CronClock;
  readonly generations: Generations;
  readonly socketsKept: () => boolean;
}

const round = (n: number): number => Math.round(n * 10) / 10;

/** The part of the app's state that changes from second to second. */
export function takeStats(parts: StatsParts): AppStats {
  const { pool, runner, supervisor, ingress } = parts;
  const workers = pool.workers.filter((worker) => worker.state !== 'exited');
  const ready = pool.readySlots;
  const at = now();
  const departed = pool.counters.departed(at);
  const rest = departed.flatMap(({ slot, recent }) => {
    const rate = round(recent.requestsPerSecond(at));
    return rate === 0 ? [] : [{ slot, requestsPerSecond: rate }];
  });
  const recent = [...workers.map(({ meter }) => meter.recent), ...departed.map((one) => one.recent)];
  const latency = recent.reduce<number[]>((sum, one) => addBuckets(sum, one.latency(at)), emptyBuckets());
  const operation = runner.current;
  return {
    name: pool.spec.name,
    state: appState({
      wanted: pool.wanted,
      ready,
      erroredSlots: slotTroubles(pool, supervisor.exits).filter((slot) => slot.state === 'errored').length,
      isUnserved: parts.contract.unserved.length > 0,
      crashLoops: pool.slots.some((slot) => isCrashLooping(slot)),
      rollingOut: operation?.kind === 'reload' || operation?.kind === 'restart',
      resting: supervisor.resting,
      stopping: operation?.kind === 'stop' || supervisor.ended,
      wasOnline: supervisor.wasOnline,
    }),
    instances: pool.wanted,
    ready,
    generation: pool.generation,
    primaryPid: process.pid,
    startedAt: supervisor.startedWall,
    cpuPercent: sumOrNull(workers.map((worker) => worker.meter.cpuPercent)),
    memoryBytes: sumOrNull(workers.map((worker) => worker.meter.memoryBytes)),
    connections: workers.reduce((sum, worker) => sum + worker.handOff.reportedConnections, 0),
    queued: ingress.waiting,
    panic: parts.router.panic,
    accept: parts.acceptance.current,
    requestsPerSecond: round(requestsPerSecond(pool, at)),
    p50Ms: quantile(latency, 0.5),
    p95Ms: quantile(latency, 0.95),
    p99Ms: quantile(latency, 0.99),
    errorRate: errorRateOf(recent, at),
    totals: pool.counters.totals(ingress.proxyRejections),
    workers: workers.map((worker) => workerSnapshot(worker, parts, at)),
    ...(rest.length === 0 ? {} : { departed: rest }),
    replacement: { ...parts.replacement.current, ...parts.replacement.footprint },
  };
}

/** The complete current state of the app. */
export function takeSnapshot(parts: SnapshotParts): AppSnapshot {
  const { pool, runner, supervisor, ingress, watch } = parts;
  const health = watch.report();
  const { lastFailure } = supervisor.exits;
  const generations = parts.generations.facts;
  const lowLimits = parts.limits.tooLow();
  return {
    ...takeStats(parts),
    ...namespaceOf(pool.spec),
    healthy: watch.healthySlots(health),
    node: process.versions.node,
    uptimeMs: Math.round(now() - supervisor.startedAt),
    restarts: pool.slots.reduce((sum, slot) => sum + slot.restart.restarts, 0),
    recycles: pool.counters.recycles,
    proxyRejections: { ...ingress.proxyRejections },
    // Those that it opened by itself only if there are no others.
    listeners: ingress.labels.length > 0 ? ingress.labels : parts.replacement.footprint.ownSockets,
    unserved: parts.contract.unserved,
    expectedPort: expectedPort(pool.spec),
    generations,
    generationNote: isNoteworthy(generations, pool.generation) ? describeGenerations(generations, pool.generation) : null,
    health,
    troubledSlots: slotTroubles(pool, supervisor.exits),
    ...(lowLimits.length === 0 ? {} : { lowLimits }),
    ...(lastFailure === null ? {} : { lastFailure }),
    ...(parts.cron.nextAt === null ? {} : { nextTickAt: parts.cron.nextAt }),
    autoscaling: parts.autoscaler.report(),
    operation: runner.current,
    queuedOperations: runner.waiting,
    lastExits: supervisor.exits.last,
    error: null,
    limits: ownLimits(),
    socketsKept: parts.socketsKept(),
    spec: shownSpec(pool.spec),
  };
}

const UNKNOWN_USE = { heapUsedBytes: null, heapLimitBytes: null, handles: null } as const;

function workerSnapshot(worker: WorkerHandle, { pool, router, acceptance }: StatsParts, at: number): WorkerSnapshot {
  const { meter } = worker;
  const { last, handOffMs } = meter;
  const load = presentLoad(worker, at);
  const { heapUsedBytes, heapLimitBytes, handles } = last?.use ?? UNKNOWN_USE;
  return {
    slot: worker.slot,
    generation: worker.generation,
    pid: worker.pid,
    state: worker.state,
    startedAt: worker.startedWall,
    uptimeMs: Math.round(worker.uptimeMs),
    restarts: pool.slot(worker.slot).restart.restarts,
    recycles: pool.counters.recyclesOf(worker.slot),
    cpuPercent: meter.cpuPercent,
    memoryBytes: meter.memoryBytes,
    weight: router.weight(worker),
    connections: worker.handOff.reportedConnections,
    accepted: meter.accepted,
    refused: meter.refused,
    // Where the workers accept now, the average is one of the past.
    handOffMs: handOffMs === null || acceptance.current.by === 'workers' ? null : Math.round(handOffMs * 1000) / 1000,
    requestsInFlight: worker.self.blockers?.requests ?? last?.requestsInFlight ?? 0,
    requestsPerSecond: round(load.requestsPerSecond),
    p95Ms: quantile(meter.recentLatency(at), 0.95),
    eventLoopUtilization: load.utilization,
    eventLoopDelayMs: load.delayMs,
    loopDelay: load.delay,
    heapUsedBytes,
    heapLimitBytes,
    handles,
    blockers: worker.self.blockers,
    withdrawn: worker.self.withdrawn,
  };
}

function errorRateOf(workers: readonly RecentTraffic[], at: number): number | null {
  const counted = workers.map((recent) => recent.answers(at));
  const answers = counted.reduce((sum, one) => sum + one.answers, 0);
  const errors = counted.reduce((sum, one) => sum + one.serverErrors, 0);
  return answers === 0 ? null : errors / answers;
}

function isCrashLooping(slot: Slot): boolean {
  const worker = currentWorker(slot);
  return worker !== undefined && crashLoops(slot.restart, worker, worker.spec);
}

/** Slots that should have a worker and have none. */
function slotTroubles(pool: Pool, exits: ExitHistory): SlotTrouble[] {
  return pool.slots.flatMap(({ index, restart, workers }) => {
    if (restart.phase === 'idle' || workers.some((worker) => worker.state !== 'exited')) return [];
    const restartInMs = restart.phase === 'waiting' ? Math.max(0, Math.round(restart.dueAt - now())) : null;
    const cause = exits.causeOf(index);
    return [{ slot: index, state: restart.phase, restartInMs, restarts: restart.restarts, ...(cause === null ? {} : { cause }) }];
  });
}

function sumOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : round(known.reduce((sum, value) => sum + value, 0));
}
