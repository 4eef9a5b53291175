import type { AppSpec, ScaleMetric, ScaleSpec } from './app-spec.ts';
import { demand, DOWN_SHARE, MAX_UTILIZATION, measure, utilization, type LoadSample } from './scale-demand.ts';
import { plural } from './wording.ts';

/** The facts for a decision. */
export interface ScaleFacts {
  /** Monotonic, like all times here. */
  readonly now: number;
  /** Desired number of workers. */
  readonly workers: number;
  /** Why the current load is not representative (an operation, a starting worker); null if it is. */
  readonly unsettled: string | null;
  /** When the load last became representative. */
  readonly settledSince: number;
  /** When the number of workers last changed; null if it never has. */
  readonly changedAt: number | null;
  /** Consecutive failed attempts to add workers. */
  readonly failures: number;
  readonly ejected: number;
  readonly leaving: number;
  /** One per second, oldest first. */
  readonly samples: readonly LoadSample[];
  /** Number of workers that can run in parallel. */
  readonly cpuBudget: number;
  /** Memory that the machine or container has left, and the size of the largest worker; null if unknown. */
  readonly memory: { readonly leftBytes: number; readonly largestWorkerBytes: number } | null;
}

/** `blocked`: the load calls for another number, but something forbids it. */
export type ScaleDecision =
  | { readonly verdict: 'change'; readonly to: number; readonly reason: string }
  | { readonly verdict: 'blocked' | 'steady'; readonly reason: string };

/** Deviation from the target that is ignored, as in Kubernetes' HorizontalPodAutoscaler. */
const TOLERANCE = 0.1;
/** From this ratio on, a step up is proportional; below it, one worker. */
const MULTIPLE = 1.5;
/** Window that a scale-up decision considers. */
const WINDOW_MS = 5_000;
/** Minimum number of samples in a window. */
const MIN_SAMPLES = 3;
/** Time ignored after a change: caches are cold, and connections have not spread yet. */
const WARM_UP_MS = 3_000;
/** Below this utilization, more workers do not answer sooner: the app waits for something else, such as a database. */
const IDLE_BELOW = 0.3;
/** Expected size of a new worker, relative to the largest. */
const MEMORY_MARGIN = 1.1;
const MAX_BACKOFF = 6;

/**
 * Decides whether the number of workers should change: the current number times measured / target, as Kubernetes'
 * HorizontalPodAutoscaler does. It goes up within seconds, and down only when all of `downCooldownMs` needed fewer.
 */
export function decideScale(policy: ScaleSpec, facts: ScaleFacts): ScaleDecision {
  const { min, max } = policy;
  const { workers, unsettled, settledSince, now } = facts;
  if (unsettled !== null) return steady(`waiting: ${unsettled}`);
  if (workers < min) return upToMin(policy, facts);
  if (workers > max) return facts.leaving > 0 ? WAITS_FOR_DRAINS : change(workers, max, 'more than max');
  const known = facts.samples.filter(({ at }) => at >= settledSince + WARM_UP_MS);
  const recent = known.filter(({ at }) => at > now - WINDOW_MS);
  if (recent.length < MIN_SAMPLES) return steady('waiting: the workers are warming up');
  if (recent.every(({ ready }) => ready === 0)) return steady('waiting: no worker is ready');
  const measured = measure(policy.target.metric, recent);
  const ratio = measured === null ? null : measured / policy.target.value;
  if (measured !== null && ratio !== null && ratio > 1 + TOLERANCE) return up(policy, facts, recent, { measured, ratio });
  return down(policy, facts, known, recent);
}

/** A replacement definition that keeps the current scaling: `instances` applies only to the app's first start. */
export function keepScale(next: AppSpec, before: AppSpec, workers: number): AppSpec {
  if (next.scale === null || before.scale === null) return next;
  const { on } = before.scale;
  const { min, max } = next.scale;
  return { ...next, instances: on ? Math.min(max, Math.max(min, workers)) : workers, scale: { ...next.scale, on } };
}

/** Maximum number of workers, whatever the load. */
export function scaleCeiling({ min, max, target }: Omit<ScaleSpec, 'on'>, cpuBudget: number): number {
  const computes = target.metric === 'elu' || target.metric === 'cpu';
  return computes ? Math.min(max, Math.max(min, cpuBudget)) : max;
}

/** Workers up to `min` need neither load nor `upCooldownMs`; but after failures, wait before trying again. */
function upToMin(policy: ScaleSpec, facts: ScaleFacts): ScaleDecision {
  const why = 'fewer than min';
  const restMs = cooldownLeft(policy, facts);
  return facts.failures > 0 && restMs > 0 ? afterFailures(facts, restMs, why) : change(facts.workers, policy.min, why);
}

function up(
  policy: ScaleSpec,
  facts: ScaleFacts,
  recent: readonly LoadSample[],
  { measured, ratio }: { readonly measured: number; readonly ratio: number },
): ScaleDecision {
  const { target } = policy;
  const { workers, failures, cpuBudget, memory } = facts;
  const why = `${describe(target.metric, measured, target.value)} over ${seconds(WINDOW_MS)}`;
  const desired = ratio < MULTIPLE ? workers + 1 : Math.min(workers * 2, Math.ceil(workers * ratio));
  if (target.metric === 'p95_ms' && utilization(recent) < IDLE_BELOW) {
    return blocked(`the workers are idle while requests are slow, so more workers would not help (${why}, busy ${utilization(recent).toFixed(2)})`);
  }
  const ceiling = scaleCeiling(policy, cpuBudget);
  if (workers >= ceiling) {
    return blocked(ceiling < policy.max ? `the CPU budget is ${cpuBudget}, more workers could not run in parallel (${why})` : `max is ${policy.max} (${why})`);
  }
  const room = memory === null ? Number.POSITIVE_INFINITY : Math.floor(memory.leftBytes / (memory.largestWorkerBytes * MEMORY_MARGIN));
  if (room < 1) return blocked(`not enough memory for another worker (${why})`);
  const restMs = cooldownLeft(policy, facts);
  if (restMs > 0) return failures > 0 ? afterFailures(facts, restMs, why) : steady(`waiting for up_cooldown: ${why}`);
  return change(workers, Math.min(desired, ceiling, workers + room), why);
}

/** Time left of `upCooldownMs`, which each failed attempt doubles; 0 when it has passed. */
function cooldownLeft({ upCooldownMs }: ScaleSpec, { now, changedAt, failures }: ScaleFacts): number {
  return changedAt === null ? 0 : Math.max(0, changedAt + upCooldownMs * 2 ** Math.min(failures, MAX_BACKOFF) - now);
}

function afterFailures({ failures }: ScaleFacts, restMs: number, why: string): ScaleDecision {
  return blocked(`adding workers has failed ${failures === 1 ? 'once' : `${failures} times`}, next attempt in ${seconds(restMs)} (${why})`);
}

function down(policy: ScaleSpec, facts: ScaleFacts, known: readonly LoadSample[], recent: readonly LoadSample[]): ScaleDecision {
  const { target, downCooldownMs, min } = policy;
  const { workers, now, changedAt, cpuBudget, ejected, leaving } = facts;
  const measured = measure(target.metric, recent);
  const state =
    measured === null ? 'too few requests to measure their latency' : `${describe(target.metric, measured, target.value)} over ${seconds(WINDOW_MS)}`;
  const since = now - Math.max(downCooldownMs, WINDOW_MS);
  if (workers <= min || (changedAt !== null && changedAt > since) || (known[0]?.at ?? now) > since) return steady(state);
  const peak = peakDemand(
    target,
    known.filter(({ at }) => at > since),
  );
  const ceiling = scaleCeiling(policy, cpuBudget);
  // Tolerates rounding errors: 2.0000001 means 2.
  const needed = Math.max(min, Math.ceil((workers * peak) / DOWN_SHARE - 1e-6));
  if (needed >= workers && workers <= ceiling) return steady(state);
  if (ejected > 0) return blocked(`a worker is ejected, so none is removed (${state})`);
  if (leaving > 0) return WAITS_FOR_DRAINS;
  if (recent.some(({ queued }) => queued > 0)) return blocked(`connections are waiting for a worker, so none is removed (${state})`);
  const step = peak * 2 <= DOWN_SHARE ? Math.ceil(workers / 2) : workers - 1;
  const why = workers > ceiling ? `the CPU budget is ${cpuBudget}` : `at most ${describePeak(target, peak)} over ${seconds(downCooldownMs)}`;
  return change(workers, Math.min(Math.max(needed, step), ceiling), why);
}

function describePeak({ metric, value }: ScaleSpec['target'], peak: number): string {
  if (metric !== 'p95_ms') return describe(metric, peak * value, value);
  return `p95 below ${value} ms, busy ${(peak * MAX_UTILIZATION).toFixed(2)} of ${MAX_UTILIZATION}`;
}

/** The highest demand of any window. */
function peakDemand(target: ScaleSpec['target'], samples: readonly LoadSample[]): number {
  let peak = 0;
  let from = 0;
  samples.forEach(({ at }, index) => {
    while ((samples[from]?.at ?? at) <= at - WINDOW_MS) from++;
    if (index - from + 1 >= MIN_SAMPLES) peak = Math.max(peak, demand(target, samples.slice(from, index + 1)) ?? 0);
  });
  return peak;
}

const steady = (reason: string): ScaleDecision => ({ verdict: 'steady', reason });
/** They may still serve what would otherwise be load of the others. */
const WAITS_FOR_DRAINS = steady('waiting: a worker is leaving');
const blocked = (reason: string): ScaleDecision => ({ verdict: 'blocked', reason: `held: ${reason}` });

function change(from: number, to: number, why: string): ScaleDecision {
  return { verdict: 'change', to, reason: `${why}: ${from} → ${plural(to, 'worker')}` };
}

function describe(metric: ScaleMetric, measured: number, target: number): string {
  switch (metric) {
    case 'elu':
    case 'cpu':
      return `${metric} ${measured.toFixed(2)} of ${target}`;
    case 'p95_ms':
      return `p95 ${Math.round(measured)} ms of ${target} ms`;
    case 'rps_per_worker':
      return `${Math.round(measured)} requests/s per worker of ${target}`;
  }
}

const seconds = (ms: number): string => `${Math.max(1, Math.round(ms / 1000))} s`;
