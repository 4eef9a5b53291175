import { addBuckets, emptyBuckets } from '../../metrics/latency.ts';

/** The window of percentiles and the error rate. */
export const WINDOW_MS = 10_000;
/** The window of a rate while traffic moves between workers. */
const RATE_WINDOW_MS = 1_000;
/** It ends this long ago: later than a worker's first report after its first connection. */
const RATE_LAG_MS = 250;
/** The span of an ordinary heartbeat is longer. Shorter ones come while traffic moves to or from the worker. */
const SHORT_SPAN_MS = 900;

/** What one heartbeat adds to the one before. */
interface Gain {
  readonly from: number;
  readonly to: number;
  readonly answers: number;
  readonly serverErrors: number;
  readonly latency: readonly number[];
}

/** The answers of one worker in the last seconds. It stays true after the worker's end. */
export class RecentTraffic {
  readonly #gains: Gain[] = [];
  #endedAt = Number.POSITIVE_INFINITY;

  add(gain: Gain): void {
    while (this.#gains[0] !== undefined && this.#gains[0].to <= gain.to - WINDOW_MS) this.#gains.shift();
    this.#gains.push(gain);
  }

  /** The worker has exited; it answers nothing from now on. */
  end(at: number): void {
    this.#endedAt = at;
  }

  /**
   * Usually the rate of the last heartbeat. While traffic moves between workers, their heartbeats end at different times, and one
   * of them ends; so that their rates still add up, each is then counted over one and the same second.
   */
  requestsPerSecond(at: number): number {
    const last = this.#gains.at(-1);
    if (last === undefined) return 0;
    const until = at - RATE_LAG_MS;
    const since = until - RATE_WINDOW_MS;
    const isMoving = this.#endedAt <= at || this.#gains.some(({ from, to }) => to > since && to - from < SHORT_SPAN_MS);
    if (!isMoving) return rateOf(last) * 1_000;
    const recent = this.#gains.filter(({ to }) => to > since);
    const known = recent.reduce((sum, gain) => sum + rateOf(gain) * overlap(gain, since, until), 0);
    const knownMs = recent.reduce((sum, gain) => sum + overlap(gain, since, until), 0);
    const unknownMs = overlap({ from: last.to, to: Math.min(until, this.#endedAt) }, since, until);
    const assumed = knownMs === 0 ? rateOf(last) : known / knownMs;
    return ((known + assumed * unknownMs) / RATE_WINDOW_MS) * 1_000;
  }

  /** Responses in the last 10 s, and how many of them were 5xx. */
  answers(at: number): { readonly answers: number; readonly serverErrors: number } {
    const recent = this.#recent(at);
    return { answers: recent.reduce((sum, gain) => sum + gain.answers, 0), serverErrors: recent.reduce((sum, gain) => sum + gain.serverErrors, 0) };
  }

  /** Requests of the last 10 s by latency bucket. */
  latency(at: number): number[] {
    return this.#recent(at).reduce<number[]>((sum, { latency }) => addBuckets(sum, latency), emptyBuckets());
  }

  /** Filters again, because no heartbeat may have removed expired gains: an idle worker skips most of them. */
  #recent(at: number): readonly Gain[] {
    return this.#gains.filter((gain) => gain.to > at - WINDOW_MS);
  }
}

/** Per millisecond. */
const rateOf = ({ from, to, answers }: Pick<Gain, 'from' | 'to' | 'answers'>): number => answers / Math.max(1, to - from);

const overlap = ({ from, to }: Pick<Gain, 'from' | 'to'>, since: number, until: number): number => Math.max(0, Math.min(to, until) - Math.max(from, since));
