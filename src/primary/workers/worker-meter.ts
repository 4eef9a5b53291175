import { addBuckets, emptyBuckets } from '../../metrics/latency.ts';
import { IDLE_UTILIZATION, type Heartbeat } from '../../protocol/worker.ts';
import type { ProcessUsage } from '../../system/usage.ts';
import type { AppCounters, SlotCounters } from './app-counters.ts';

/** What percentiles and the error rate look back on. */
const WINDOW_MS = 10_000;
/** Index of 5xx among the status classes. */
const SERVER_ERROR = 4;
/** Weight of the newest in the average: about the last 50 connections count. */
const SMOOTHING = 0.04;

/** An idle worker is heard of every 5 s. */
const HEARTBEATS_MISSING_MS = 6_000;

/** What a heartbeat told beyond the one before. */
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
  /** Connections it took, and those it gave back or could not receive; of them `lost` could not be received. */
  accepted = 0;
  refused = 0;
  lost = 0;
  /** Moving average of the time from accept to taken; null before the first. */
  handOffMs: number | null = null;
  /** Monotonic time of the last heartbeat or taken connection; 0 before the first. */
  lastSignAt = 0;
  #idle = false;
  #lastAt = 0;
  readonly #gains: Gain[] = [];
  readonly #counters: AppCounters;
  readonly #slot: SlotCounters;
  readonly #direct: boolean;

  /** @param direct it accepts by itself: what it took is known from its heartbeats. */
  constructor(counters: AppCounters, slot: number, direct: boolean) {
    this.#counters = counters;
    this.#slot = counters.slot(slot);
    this.#direct = direct;
  }

  /** Its last sign was a heartbeat that told of nothing going on; the next ones may be left out. */
  get idle(): boolean {
    return this.#idle;
  }

  /** It took a connection that long after it was accepted. */
  took(ms: number, at: number): void {
    this.accepted++;
    if (!this.#direct) this.#slot.accepted++;
    this.lastSignAt = at;
    this.#idle = false;
    this.handOffMs = this.handOffMs === null ? ms : this.handOffMs + (ms - this.handOffMs) * SMOOTHING;
  }

  /** A connection was given back, or could not be received. */
  refuse(): void {
    this.refused++;
    this.#slot.refused++;
  }

  /** Its heartbeats come, and tell what it uses. */
  tells(at: number): boolean {
    return this.last !== null && at - this.#lastAt <= HEARTBEATS_MISSING_MS;
  }

  /** What was measured from outside; the CPU of one that is silent is its average since it fell silent. */
  sampled({ cpuMs, memoryBytes }: ProcessUsage, at: number): void {
    this.memoryBytes = memoryBytes;
    if (this.last !== null && !this.tells(at)) this.cpuPercent = percentOf(cpuMs - this.last.use.cpuMs, at - this.#lastAt);
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

  /** Answers of the last seconds, and those of them that were 5xx. */
  recentAnswers(at: number): { readonly answers: number; readonly serverErrors: number } {
    const recent = this.#recent(at);
    return { answers: recent.reduce((sum, gain) => sum + gain.answers, 0), serverErrors: recent.reduce((sum, gain) => sum + gain.serverErrors, 0) };
  }

  /** Requests of the last seconds by latency bucket. */
  recentLatency(at: number): number[] {
    return this.#recent(at).reduce<number[]>((sum, { latency }) => addBuckets(sum, latency), emptyBuckets());
  }

  #gain(before: Heartbeat | null, beat: Heartbeat, at: number): void {
    const serverErrors = (of: Heartbeat | null): number => of?.statusClasses[SERVER_ERROR] ?? 0;
    while (this.#gains[0] !== undefined && this.#gains[0].at <= at - WINDOW_MS) this.#gains.shift();
    this.#gains.push({ at, answers: beat.requests - (before?.requests ?? 0), serverErrors: serverErrors(beat) - serverErrors(before), latency: beat.latency });
  }

  /** A heartbeat may be long ago: those of an idle worker are left out. */
  #recent(at: number): readonly Gain[] {
    return this.#gains.filter((gain) => gain.at > at - WINDOW_MS);
  }
}

/** Of one core, with one digit. */
function percentOf(cpuMs: number, ofMs: number): number {
  return Math.round((Math.max(0, cpuMs) / ofMs) * 1000) / 10;
}
