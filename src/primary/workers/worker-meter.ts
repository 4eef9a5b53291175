import { addBuckets, emptyBuckets } from '../../metrics/latency.ts';
import { IDLE_UTILIZATION, type Heartbeat } from '../../protocol/worker.ts';
import type { ProcessUsage } from '../../system/usage.ts';
import type { AppCounters, SlotCounters } from './app-counters.ts';

/** The window of percentiles and the error rate. */
const WINDOW_MS = 10_000;
/** Index of 5xx among the status classes. */
const SERVER_ERROR = 4;
/** Weight of the newest value in the moving average, which covers about the last 50 connections. */
const SMOOTHING = 0.04;

/** Longer than the 5 s between the heartbeats of an idle worker. */
const HEARTBEATS_MISSING_MS = 6_000;

/** What one heartbeat adds to the one before. */
interface Gain {
  readonly at: number;
  readonly answers: number;
  readonly serverErrors: number;
  readonly latency: readonly number[];
}

/** Rates and latest values of one worker, from its heartbeats. */
export class WorkerMeter {
  last: Heartbeat | null = null;
  requestsPerSecond = 0;
  cpuPercent: number | null = null;
  memoryBytes: number | null = null;
  /** Connections that the worker took, those it gave back or could not receive, and of the latter only those it could not receive. */
  accepted = 0;
  refused = 0;
  lost = 0;
  /** Moving average of the time from accept until the worker took the connection; null before the first one. */
  handOffMs: number | null = null;
  /** Monotonic time of the last heartbeat or taken connection; 0 before the first. */
  lastSignAt = 0;
  #idle = false;
  #lastAt = 0;
  readonly #gains: Gain[] = [];
  readonly #counters: AppCounters;
  readonly #slot: SlotCounters;
  readonly #direct: boolean;

  /** @param direct whether the worker accepts connections itself; its heartbeats then report how many. */
  constructor(counters: AppCounters, slot: number, direct: boolean) {
    this.#counters = counters;
    this.#slot = counters.slot(slot);
    this.#direct = direct;
  }

  /** Whether the last sign of life was a heartbeat without activity. The worker may skip the next heartbeats then. */
  get idle(): boolean {
    return this.#idle;
  }

  /** The worker took a connection, `ms` after it was accepted. */
  took(ms: number, at: number): void {
    this.accepted++;
    if (!this.#direct) this.#slot.accepted++;
    this.lastSignAt = at;
    this.#idle = false;
    this.handOffMs = this.handOffMs === null ? ms : this.handOffMs + (ms - this.handOffMs) * SMOOTHING;
  }

  /** The worker gave a connection back, or could not receive it. */
  refuse(): void {
    this.refused++;
    this.#slot.refused++;
  }

  /** Whether heartbeats are arriving, so CPU and memory are known from them. */
  reports(at: number): boolean {
    return this.last !== null && at - this.#lastAt <= HEARTBEATS_MISSING_MS;
  }

  /** Adds values measured from outside. The CPU of a silent worker is the average since its last heartbeat. */
  sampled({ cpuMs, memoryBytes }: ProcessUsage, at: number): void {
    this.memoryBytes = memoryBytes;
    if (this.last !== null && !this.reports(at)) this.cpuPercent = percentOf(cpuMs - this.last.use.cpuMs, at - this.#lastAt);
  }

  add(beat: Heartbeat, at: number): void {
    this.#counters.beat(this.#slot, this.last, beat);
    if (this.#direct) this.#slot.accepted += beat.delivered - (this.last?.delivered ?? 0);
    const { ms, cpuMs } = beat.span;
    this.requestsPerSecond = ((beat.requests - (this.last?.requests ?? 0)) / ms) * 1000;
    this.cpuPercent = percentOf(cpuMs, ms);
    this.memoryBytes = beat.use.rssBytes;
    this.#gain(this.last, beat, at);
    this.last = beat;
    this.#lastAt = at;
    this.lastSignAt = at;
    this.#idle = beat.eventLoopUtilization < IDLE_UTILIZATION && beat.latency.every((n) => n === 0);
  }

  /** Responses in the last 10 s, and how many of them were 5xx. */
  recentAnswers(at: number): { readonly answers: number; readonly serverErrors: number } {
    const recent = this.#recent(at);
    return { answers: recent.reduce((sum, gain) => sum + gain.answers, 0), serverErrors: recent.reduce((sum, gain) => sum + gain.serverErrors, 0) };
  }

  /** Requests of the last 10 s by latency bucket. */
  recentLatency(at: number): number[] {
    return this.#recent(at).reduce<number[]>((sum, { latency }) => addBuckets(sum, latency), emptyBuckets());
  }

  #gain(before: Heartbeat | null, beat: Heartbeat, at: number): void {
    const serverErrors = (of: Heartbeat | null): number => of?.statusClasses[SERVER_ERROR] ?? 0;
    while (this.#gains[0] !== undefined && this.#gains[0].at <= at - WINDOW_MS) this.#gains.shift();
    this.#gains.push({ at, answers: beat.requests - (before?.requests ?? 0), serverErrors: serverErrors(beat) - serverErrors(before), latency: beat.latency });
  }

  /** Filters again, because no heartbeat may have removed expired gains: an idle worker skips most of them. */
  #recent(at: number): readonly Gain[] {
    return this.#gains.filter((gain) => gain.at > at - WINDOW_MS);
  }
}

/** Percent of one core, with one decimal. */
function percentOf(cpuMs: number, ofMs: number): number {
  return Math.round((Math.max(0, cpuMs) / ofMs) * 1000) / 10;
}
