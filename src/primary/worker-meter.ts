import type { Heartbeat } from '../protocol/worker.ts';
import { addBuckets, emptyBuckets } from '../metrics/latency.ts';

/** Seconds of latency that the percentiles look back on. */
const WINDOW = 10;

/** Rates and latest values of one worker, from its heartbeats. */
export class WorkerMeter {
  last: Heartbeat | null = null;
  requestsPerSecond = 0;
  cpuPercent: number | null = null;
  memoryBytes: number | null = null;
  #lastAt = 0;
  readonly #window: (readonly number[])[] = [];

  add(beat: Heartbeat, at: number): void {
    if (this.last !== null) {
      const seconds = Math.max(0.001, (at - this.#lastAt) / 1000);
      this.requestsPerSecond = Math.max(0, (beat.requests - this.last.requests) / seconds);
    }
    this.last = beat;
    this.#lastAt = at;
    this.#window.push(beat.latency);
    if (this.#window.length > WINDOW) this.#window.shift();
  }

  /** Requests of the last seconds by latency bucket. */
  recentLatency(): number[] {
    return this.#window.reduce<number[]>((sum, buckets) => addBuckets(sum, buckets), emptyBuckets());
  }
}
