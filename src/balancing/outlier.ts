import type { EjectionSpec } from '../lifecycle/app-spec.ts';

/** What the traffic shows about one worker in rotation. */
export interface WorkerFacts {
  readonly id: number;
  /** How long the last connection handed to it has not been taken; 0 if it was. */
  readonly untakenMs: number;
  /** Delays of its latest heartbeats, newest last. */
  readonly loopDelaysMs: readonly number[];
  /** Over the last `OUTLIER_WINDOW_MS`: connections it could not take, answered requests, and 5xx answers. */
  readonly refusals: number;
  readonly requests: number;
  readonly serverErrors: number;
}

/** A worker's counters since its start, at a point in time. */
export interface CounterSample {
  readonly at: number;
  readonly refusals: number;
  readonly requests: number;
  readonly serverErrors: number;
}

type OutlierPolicy = Pick<EjectionSpec, 'takeTimeoutMs' | 'loopDelayMs' | 'errorRate'>;
type Rule = (one: WorkerFacts, all: readonly WorkerFacts[], policy: OutlierPolicy) => string | null;

const OUTLIER_WINDOW_MS = 10_000;
const LATE_BEATS = 2;
const OF_BEATS = 3;
const REFUSALS = 5;
/** With fewer requests, an error rate says little. */
const MIN_REQUESTS = 20;
const TIMES_PEERS = 3;
const ABOVE_PEERS = 0.1;

const RULES: readonly Rule[] = [notTaking, late, refusing, failing];

/**
 * Passive checks: the outliers, with the reason. A problem of more than half of the workers has a common cause, such as the
 * machine or a database, so it ejects none.
 */
export function outliers(all: readonly WorkerFacts[], policy: OutlierPolicy): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const rule of RULES) {
    const hits = all.flatMap((one) => {
      const reason = rule(one, all, policy);
      return reason === null ? [] : [[one.id, reason] as const];
    });
    if (hits.length > all.length / 2) continue;
    for (const [id, reason] of hits) if (!found.has(id)) found.set(id, reason);
  }
  return found;
}

/** The samples that cover the window, including the new one. */
export function addSample(samples: readonly CounterSample[], sample: CounterSample): readonly CounterSample[] {
  return [...samples.filter(({ at }) => at >= sample.at - OUTLIER_WINDOW_MS), sample];
}

/** How much the counters grew over the window. */
export function gainedIn(samples: readonly CounterSample[]): Pick<WorkerFacts, 'refusals' | 'requests' | 'serverErrors'> {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return { refusals: 0, requests: 0, serverErrors: 0 };
  return {
    refusals: last.refusals - first.refusals,
    requests: last.requests - first.requests,
    serverErrors: last.serverErrors - first.serverErrors,
  };
}

function notTaking({ untakenMs }: WorkerFacts, _: readonly WorkerFacts[], { takeTimeoutMs }: OutlierPolicy): string | null {
  return untakenMs < takeTimeoutMs ? null : `a connection was not taken in ${seconds(untakenMs)}`;
}

/** Needs two late heartbeats: a single long task (a garbage collection, a big upload) is normal. */
function late({ loopDelaysMs }: WorkerFacts, _: readonly WorkerFacts[], { loopDelayMs }: OutlierPolicy): string | null {
  const delays = loopDelaysMs.slice(-OF_BEATS).filter((ms) => ms >= loopDelayMs);
  return delays.length < LATE_BEATS ? null : `its event loop was late by ${delays.map(seconds).join(' and ')}`;
}

function refusing({ refusals }: WorkerFacts): string | null {
  return refusals < REFUSALS ? null : `${refusals} connections were not accepted in ${seconds(OUTLIER_WINDOW_MS)}`;
}

/**
 * After Envoy's success-rate outlier detection, which compares a host with the mean and deviation of at least five. An app
 * often has only two workers, so this compares a worker with the pooled rate of its peers, if they have enough requests. A bug
 * or a database failure that affects all workers ejects none.
 */
function failing(one: WorkerFacts, all: readonly WorkerFacts[], { errorRate }: OutlierPolicy): string | null {
  let requests = -one.requests;
  let errors = -one.serverErrors;
  for (const peer of all) {
    requests += peer.requests;
    errors += peer.serverErrors;
  }
  if (one.requests < MIN_REQUESTS || requests < MIN_REQUESTS) return null;
  const own = one.serverErrors / one.requests;
  const peers = errors / requests;
  if (own < errorRate || own < TIMES_PEERS * peers + ABOVE_PEERS) return null;
  return `${one.serverErrors} of ${one.requests} answers were 5xx (peers: ${Math.round(peers * 100)} %)`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
