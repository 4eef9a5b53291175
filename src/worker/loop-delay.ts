import type { LoopDelaySummary } from '../protocol/worker.ts';

const EVERY_MS = 10;
const MAX_SAMPLES = 256;

/**
 * Measures the event loop delay 100 times a second. Turned on only while the worker is busy, because it would wake an idle
 * process. (Node's own `monitorEventLoopDelay` costs 370 KB of private memory once it is read and reset.)
 */
export class LoopDelay {
  readonly #samples = new Float64Array(MAX_SAMPLES);
  #count = 0;
  #timer: NodeJS.Timeout | null = null;
  #due = 0;

  turn(on: boolean): void {
    if (on === (this.#timer !== null)) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => this.#sample(), EVERY_MS).unref() : null;
    this.#due = performance.now() + EVERY_MS;
  }

  /** Summarizes the samples since the last call, in milliseconds; null without samples. */
  take(): LoopDelaySummary | null {
    if (this.#count === 0) return null;
    const sorted = this.#samples.subarray(0, this.#count).sort();
    const at = (q: number): number => round(sorted[Math.ceil(q * sorted.length) - 1] ?? 0);
    this.#count = 0;
    return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  }

  #sample(): void {
    const now = performance.now();
    if (this.#count < MAX_SAMPLES) this.#samples[this.#count++] = Math.max(0, now - this.#due);
    this.#due = now + EVERY_MS;
  }
}

const round = (ms: number): number => Math.round(ms * 10) / 10;
