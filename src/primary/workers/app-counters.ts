import type { ExitReport } from '../../lifecycle/exit-report.ts';
import type { RecycleReason } from '../../lifecycle/recycle-limits.ts';
import { addBuckets, emptyBuckets } from '../../metrics/latency.ts';
import { addCounters, NO_COUNTERS } from '../../metrics/totals.ts';
import type { AppTotals, Counters, ExitCause } from '../../protocol/totals.ts';
import type { Heartbeat } from '../../protocol/worker.ts';
import { WINDOW_MS, type RecentTraffic } from './recent-traffic.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Sums over all workers that one slot has had. */
export type SlotCounters = Mutable<Counters>;

/** A worker that has exited. */
interface Departed {
  readonly slot: number;
  readonly at: number;
  readonly recent: RecentTraffic;
}

/** The counters of an app since its primary started. They keep what exited workers have counted. */
export class AppCounters {
  restarts = 0;
  ejections = 0;
  readonly #exits: Partial<Record<ExitCause, number>> = {};
  readonly #recycles: Partial<Record<RecycleReason, number>> = {};
  readonly #recyclesOf = new Map<number, number>();
  readonly #slots = new Map<number, SlotCounters>();
  #latency = emptyBuckets();
  #latencySumMs = 0;
  #departed: readonly Departed[] = [];

  /** Requests by latency bucket. */
  get latency(): readonly number[] {
    return this.#latency;
  }

  /** Connections that all workers took or accepted. */
  get accepted(): number {
    return [...this.#slots.values()].reduce((sum, slot) => sum + slot.accepted, 0);
  }

  slot(index: number): SlotCounters {
    let counters = this.#slots.get(index);
    if (counters === undefined) {
      counters = { ...NO_COUNTERS };
      this.#slots.set(index, counters);
    }
    return counters;
  }

  /** Adds the difference between a heartbeat and the one before it. */
  beat(slot: SlotCounters, before: Heartbeat | null, beat: Heartbeat): void {
    slot.answers = slot.answers.map((n, i) => n + (beat.statusClasses[i] ?? 0) - (before?.statusClasses[i] ?? 0));
    slot.bytesReceived += beat.bytesReceived - (before?.bytesReceived ?? 0);
    slot.bytesSent += beat.bytesSent - (before?.bytesSent ?? 0);
    slot.cpuMs += beat.use.cpuMs - (before?.use.cpuMs ?? 0);
    slot.gcCount += beat.use.gcCount - (before?.use.gcCount ?? 0);
    slot.gcMs += beat.use.gcMs - (before?.use.gcMs ?? 0);
    this.#latency = addBuckets(this.#latency, beat.latency);
    this.#latencySumMs += beat.latencySumMs - (before?.latencySumMs ?? 0);
  }

  /** A worker has exited. What it answered in the last seconds still counts. */
  left(slot: number, recent: RecentTraffic, at: number): void {
    recent.end(at);
    this.#departed = [...this.departed(at), { slot, at, recent }];
  }

  /** Workers that exited so recently that their answers still count. */
  departed(at: number): readonly Departed[] {
    return this.#departed.filter((one) => one.at > at - WINDOW_MS);
  }

  /** A worker is replaced because it reached a limit or stayed unhealthy. */
  recycled(slot: number, reason: RecycleReason): void {
    this.#recycles[reason] = (this.#recycles[reason] ?? 0) + 1;
    this.#recyclesOf.set(slot, this.recyclesOf(slot) + 1);
  }

  /** How many workers were. */
  get recycles(): number {
    return [...this.#recyclesOf.values()].reduce((sum, n) => sum + n, 0);
  }

  /** They are counted from 0 on; the totals go on. */
  forgetRecycles(): void {
    this.#recyclesOf.clear();
  }

  /** How many workers of this slot were. */
  recyclesOf(slot: number): number {
    return this.#recyclesOf.get(slot) ?? 0;
  }

  exited({ stopReason, code, signal }: Pick<ExitReport, 'stopReason' | 'code' | 'signal'>): void {
    const cause: ExitCause = stopReason ?? (signal !== null ? 'killed' : code === 0 ? 'exited' : 'crashed');
    this.#exits[cause] = (this.#exits[cause] ?? 0) + 1;
  }

  totals(proxyRejections: AppTotals['proxyRejections']): AppTotals {
    const slots = [...this.#slots].sort(([a], [b]) => a - b);
    return {
      ...slots.reduce<Counters>((sum, [, counters]) => addCounters(sum, counters), NO_COUNTERS),
      latency: this.#latency,
      latencySumMs: this.#latencySumMs,
      restarts: this.restarts,
      exits: { ...this.#exits },
      recycles: { ...this.#recycles },
      ejections: this.ejections,
      proxyRejections: { ...proxyRejections },
      slots: Object.fromEntries(slots.map(([index, counters]) => [index, { ...counters }])),
    };
  }
}
