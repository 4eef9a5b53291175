import type { ScaleMetric, ScaleSpec } from '../../src/lifecycle/app-spec.ts';
import { decideScale } from '../../src/lifecycle/autoscale.ts';
import type { LoadSample } from '../../src/lifecycle/scale-demand.ts';

/** Requests per second that one worker can serve: 10 ms of computing each. */
const CAPACITY = 100;
const SERVICE_MS = 1000 / CAPACITY;
/** Seconds after which a client gives up. */
const PATIENCE = 3;
const WORKER_BYTES = 64 * 1024 ** 2;
/** Seconds of samples that are kept. */
const KEPT = 140;

export interface Plan {
  readonly policy: ScaleSpec;
  readonly start: number;
  readonly seconds: number;
  /** Requests per second that arrive in this second. */
  readonly load: (second: number) => number;
  /** Seconds until the nth new batch of workers is ready; default 1, 2, 3, 1, 2 … */
  readonly boot?: (n: number) => number;
  readonly cpuBudget?: number;
  /** Workers for which there is memory; default any number. */
  readonly memoryFor?: number;
}

interface Change {
  readonly second: number;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export interface Run {
  readonly changes: readonly Change[];
  /** Wanted workers in each second. */
  readonly workers: readonly number[];
  /** Most workers there ever were above the most that the load ever needed. */
  readonly overshoot: number;
  /** Share of the seconds in which requests waited for more than a second. */
  readonly overloaded: number;
}

export const policy = (metric: ScaleMetric, value: number, changes: Partial<ScaleSpec> = {}): ScaleSpec => ({
  on: true,
  min: 1,
  max: 16,
  target: { metric, value },
  upCooldownMs: 5_000,
  downCooldownMs: 60_000,
  ...changes,
});

/** Workers that a load needs at this share of their capacity. */
const ideal = (load: number, share: number): number => Math.max(1, Math.ceil(load / (CAPACITY * share) - 1e-9));

/** The second of the last change at or after this one, counted from it; 0 when there is none. */
export const settledAfter = ({ changes }: Run, second: number): number => Math.max(0, (changes.at(-1)?.second ?? second) - second);

/**
 * An app as a fluid queue: what its ready workers cannot serve in a second waits. New workers take their boot time, those
 * that leave take a second, and nothing is decided meanwhile, as in the primary.
 */
export function simulate({ policy: how, start, seconds, load, boot = (n) => 1 + (n % 3), cpuBudget = 64, memoryFor }: Plan): Run {
  const samples: LoadSample[] = [];
  const changes: Change[] = [];
  const workers: number[] = [];
  let [wanted, ready, waiting, busyUntil, settledSince, overloaded, highestIdeal] = [start, start, 0, -1, 0, 0, 0];
  let changedAt: number | null = null;
  for (let second = 0; second < seconds; second++) {
    if (second >= busyUntil) ready = wanted;
    const capacity = ready * CAPACITY;
    const served = Math.min(capacity, waiting + load(second));
    waiting += load(second) - served;
    if (waiting > capacity) overloaded++;
    waiting = Math.min(waiting, capacity * PATIENCE);
    const elu = served / capacity;
    // M/M/1: the time in the system grows with 1 / (1 - utilisation); a 95th percentile is three times its mean.
    const p95Ms = served === 0 ? null : (3 * SERVICE_MS) / Math.max(0.05, 1 - elu) + (waiting / capacity) * 1000;
    const now = second * 1000;
    samples.push({ at: now, ready, elu, cpu: elu, requestsPerSecond: served, p95Ms, answers: Math.round(served), queued: 0 });
    if (samples.length > KEPT) samples.shift();
    const unsettled = second < busyUntil ? 'scale runs' : null;
    if (unsettled !== null) settledSince = now;
    const memory = memoryFor === undefined ? null : { leftBytes: (memoryFor - wanted) * WORKER_BYTES, largestWorkerBytes: WORKER_BYTES };
    const decision = decideScale(how, {
      now,
      workers: wanted,
      unsettled,
      settledSince,
      changedAt,
      failures: 0,
      ejected: 0,
      leaving: 0,
      samples,
      cpuBudget,
      memory,
    });
    if (decision.verdict === 'change') {
      const { to, reason } = decision;
      changes.push({ second, from: wanted, to, reason });
      busyUntil = second + (to > wanted ? boot(changes.length) : 1);
      if (to < wanted) ready = to;
      wanted = to;
      changedAt = busyUntil * 1000;
    }
    workers.push(wanted);
    highestIdeal = Math.max(highestIdeal, idealOf(how, load(second), wanted));
  }
  return { changes, workers, overshoot: Math.max(...workers) - highestIdeal, overloaded: overloaded / seconds };
}

function idealOf({ target: { metric, value } }: ScaleSpec, load: number, present: number): number {
  if (metric === 'rps_per_worker') return ideal(load, value / CAPACITY);
  return metric === 'p95_ms' ? present : ideal(load, value);
}
