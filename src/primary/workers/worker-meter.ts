import { IDLE_UTILIZATION, type Heartbeat } from '../../protocol/worker.ts';
import type { ProcessUsage } from '../../system/tree-usage.ts';
import type { AppCounters, SlotCounters } from './app-counters.ts';
import { RecentTraffic } from './recent-traffic.ts';

/** Index of 5xx among the status classes. */
const SERVER_ERROR = 4;
/** Weight of the newest value in the moving average, which covers about the last 50 connections. */
const SMOOTHING = 0.04;

/** Longer than the 5 s between the heartbeats of an idle worker. */
const HEARTBEATS_MISSING_MS = 6_000;

/** CPU usage over a shorter span is noise. */
const SHORTEST_CPU_SPAN_MS = 100;

/** Rates and latest values of one worker, from its heartbeats. */
export class WorkerMeter {
  last: Heartbeat | null = null;
  cpuPercent: number | null = null;
  memoryBytes: number | null = null;
  /** Connections that the worker took from the primary, those it gave back or could not receive, and of the latter only those it could not receive. */
  taken = 0;
  refused = 0;
  lost = 0;
  /** Moving average of the time from accept until the worker took the connection; null before the first one. */
  handOffMs: number | null = null;
  /** Monotonic time of the last heartbeat or taken connection; 0 before the first. */
  lastSignAt = 0;
  #idle = false;
  #lastAt = 0;
  readonly recent = new RecentTraffic();
  readonly #counters: AppCounters;
  readonly #slot: SlotCounters;

  constructor(counters: AppCounters, slot: number) {
    this.#counters = counters;
    this.#slot = counters.slot(slot);
  }

  /** Connections that the worker took from the primary, or accepted itself. */
  get accepted(): number {
    return this.taken + (this.last?.accepted ?? 0);
  }

  /** Whether the last sign of life was a heartbeat without activity. The worker may skip the next heartbeats then. */
  get idle(): boolean {
    return this.#idle;
  }

  /** The worker took a connection, `ms` after it was accepted. */
  took(ms: number, at: number): void {
    this.taken++;
    this.#slot.accepted++;
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
    this.#slot.accepted += beat.accepted - (this.last?.accepted ?? 0);
    const { ms, cpuMs } = beat.span;
    if (ms >= SHORTEST_CPU_SPAN_MS) this.cpuPercent = percentOf(cpuMs, ms);
    this.memoryBytes = beat.use.rssBytes;
    this.#gain(this.last, beat, at);
    this.last = beat;
    this.#lastAt = at;
    this.lastSignAt = at;
    this.#idle = beat.eventLoopUtilization < IDLE_UTILIZATION && beat.latency.every((n) => n === 0);
  }

  requestsPerSecond(at: number): number {
    return this.recent.requestsPerSecond(at);
  }

  /** Responses in the last 10 s, and how many of them were 5xx. */
  recentAnswers(at: number): { readonly answers: number; readonly serverErrors: number } {
    return this.recent.answers(at);
  }

  /** Requests of the last 10 s by latency bucket. */
  recentLatency(at: number): number[] {
    return this.recent.latency(at);
  }

  #gain(before: Heartbeat | null, beat: Heartbeat, at: number): void {
    const serverErrors = (of: Heartbeat | null): number => of?.statusClasses[SERVER_ERROR] ?? 0;
    const { requests, latency, span } = beat;
    this.recent.add({
      from: at - span.ms,
      to: at,
      answers: requests - (before?.requests ?? 0),
      serverErrors: serverErrors(beat) - serverErrors(before),
      latency,
    });
  }
}

/** Percent of one core, with one decimal. */
function percentOf(cpuMs: number, ofMs: number): number {
  return Math.round((Math.max(0, cpuMs) / ofMs) * 1000) / 10;
}
