import type { CanarySpec } from './app-spec.ts';
import { plural } from './wording.ts';

/** What became of the requests of one worker, or of several. */
export interface Tally {
  /** Complete answers, and how many of them were 5xx. */
  readonly answers: number;
  readonly serverErrors: number;
  /** Requests whose connection closed before an answer began. */
  readonly resets: number;
  /** Requests that have waited for longer than the two bounds of the question, and are still waiting. */
  readonly late: number;
  readonly hung: number;
}

export const NO_TALLY: Tally = { answers: 0, serverErrors: 0, resets: 0, late: 0, hung: 0 };

/** How long a request may wait for the beginning of its answer. */
export interface Patience {
  readonly lateMs: number;
  readonly hungMs: number;
}

/**
 * - `worse`: it fails where its peers do not; chance does not explain it.
 * - `suspect`: it seems to, but so few requests prove nothing.
 * - `unproven`: it has had too few requests to say anything.
 */
export type CanaryVerdict = 'good' | 'unproven' | 'suspect' | 'worse';

/** The chance that a canary that is as good as its peers is taken for worse, over all looks of a reload. */
export const ERROR_CHANCE = 0.001;
/** In monitor windows: how long a suspect canary is watched, and one that its peers' traffic has not reached yet. */
const SUSPECT_WINDOWS = 10;
const UNREACHED_WINDOWS = 3;
/** In monitor windows, and in times of the peers' 99th percentile; never less than `leastMs`. A worker that has just started is slow. */
const LATE = { windows: 0.5, times: 2, leastMs: 200 } as const;
const HUNG = { windows: 5, times: 10, leastMs: 2_000 } as const;

export const addTallies = (a: Tally, b: Tally): Tally => mapTally((key) => a[key] + b[key]);

/** What was added since `before`. What waits now waits, whenever it began. */
export function tallySince(before: Tally, now: Tally): Tally {
  const grown = mapTally((key) => Math.max(0, now[key] - before[key]));
  return { ...grown, late: now.late, hung: now.hung };
}

function mapTally(of: (key: keyof Tally) => number): Tally {
  return { answers: of('answers'), serverErrors: of('serverErrors'), resets: of('resets'), late: of('late'), hung: of('hung') };
}

/** @param p99Ms of the peers' recent answers; null without any */
export function patienceOf(monitorMs: number, p99Ms: number | null): Patience {
  const boundOf = ({ windows, times, leastMs }: typeof LATE | typeof HUNG): number => Math.max(windows * monitorMs, times * (p99Ms ?? 0), leastMs);
  return { lateMs: boundOf(LATE), hungMs: boundOf(HUNG) };
}

interface Share {
  readonly failed: number;
  readonly requests: number;
}

const shareOf = ({ answers, serverErrors, resets }: Tally, waiting: number): Share => ({
  failed: serverErrors + resets + waiting,
  requests: answers + resets + waiting,
});

const excess = (one: Share, others: Share): number => one.failed / Math.max(1, one.requests) - others.failed / Math.max(1, others.requests);

/**
 * Compares the canary with its peers. It is worse if the share of its requests that failed exceeds theirs by `failureRate`, and
 * Fisher's exact test does not put that down to chance. Each look is allowed a part of `ERROR_CHANCE`, 1/(n(n+1)) for the nth, so all
 * looks together stay below it, however many there are (Boole's inequality).
 * @param look number of this look, from 1; looks at too few requests do not count
 */
export function judgeCanary(canary: Tally, peers: Tally, { failureRate, requests }: Omit<CanarySpec, 'monitorMs'>, look: number): CanaryVerdict {
  const [own, theirs] = [shareOf(canary, canary.hung), shareOf(peers, peers.hung)];
  const allowed = ERROR_CHANCE / (look * (look + 1));
  if (own.requests >= requests && excess(own, theirs) >= failureRate && chanceOf(own, theirs) <= allowed) return 'worse';
  const [ownSoFar, theirsSoFar] = [shareOf(canary, canary.late), shareOf(peers, peers.late)];
  if (ownSoFar.failed > 0 && excess(ownSoFar, theirsSoFar) >= failureRate) return 'suspect';
  return own.requests < requests ? 'unproven' : 'good';
}

/** What the reload does with its canary. */
export function nextForCanary(
  verdict: CanaryVerdict,
  { readyForMs, monitorMs, isBusy }: { readonly readyForMs: number; readonly monitorMs: number /** Its peers get requests. */; readonly isBusy: boolean },
): 'watch' | 'pass' | 'fail' {
  if (verdict === 'worse') return 'fail';
  const windows = verdict === 'suspect' ? SUSPECT_WINDOWS : verdict === 'unproven' && isBusy ? UNREACHED_WINDOWS : 1;
  return readyForMs < windows * monitorMs ? 'watch' : 'pass';
}

/** Whether these requests are enough to decide something. */
export const areEnough = (tally: Tally, { requests }: Pick<CanarySpec, 'requests'>): boolean => shareOf(tally, tally.hung).requests >= requests;

/**
 * The chance of at least as many failures among `one`'s requests if all failures were spread over all requests at random: Fisher's
 * exact test, one-sided (R. A. Fisher, "The Logic of Inductive Inference", Journal of the Royal Statistical Society 98, 1935).
 */
export function chanceOf(one: Share, others: Share): number {
  const failures = one.failed + others.failed;
  const all = one.requests + others.requests;
  const most = Math.min(one.requests, failures);
  // The hypergeometric distribution; each term follows from the one before.
  let term = Math.exp(logChoose(failures, one.failed) + logChoose(all - failures, one.requests - one.failed) - logChoose(all, one.requests));
  let sum = 0;
  for (let x = one.failed; x <= most; x++) {
    sum += term;
    term *= ((failures - x) * (one.requests - x)) / ((x + 1) * (all - failures - one.requests + x + 1));
    if (term < sum * Number.EPSILON) break;
  }
  return Math.min(1, sum);
}

const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k);

const STIRLING_FROM = 32;

/** Above 32 by Stirling's series; its error is below 1e-10. */
function logFactorial(n: number): number {
  if (n >= STIRLING_FROM) return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5);
  let sum = 0;
  for (let i = 2; i <= n; i++) sum += Math.log(i);
  return sum;
}

/** What a failed canary did: `answered 41 of 43 requests with 5xx, its peers 0 of 80`. */
export function describeCanary(canary: Tally, peers: Tally): string {
  const [own, theirs] = [shareOf(canary, canary.hung), shareOf(peers, peers.hung)];
  const kinds = [
    [canary.serverErrors, 'answered', 'with 5xx'],
    [canary.hung, 'left', 'without an answer'],
    [canary.resets, 'reset', ''],
  ] as const;
  const [first, ...more] = kinds.filter(([count]) => count > 0);
  const requests = `${own.failed} of ${plural(own.requests, 'request')}`;
  const what =
    first !== undefined && more.length === 0
      ? `${first[1]} ${requests} ${first[2]}`.trim()
      : `failed ${requests} (${kinds.flatMap(([count, verb, how]) => (count === 0 ? [] : [`${count} ${how || verb}`])).join(', ')})`;
  return `${what}, its peers ${theirs.failed} of ${theirs.requests}`;
}
