/** The most collections that are observed between two readings. Observing one costs as much as a few requests. */
const MAX_OBSERVED = 20;

/**
 * Counts garbage collections and the time they take. At most 20 are observed between two readings; beyond that, the rest of the
 * interval is extrapolated from its beginning.
 */
export class GcMeter {
  #count = 0;
  #ms = 0;
  #observed = 0;
  #observedMs = 0;
  #beganAt = performance.now();
  #endedAt: number | null = null;
  readonly #observer = new PerformanceObserver((list) => this.#seen(list.getEntries()));

  start(): void {
    this.#beganAt = performance.now();
    this.#endedAt = null;
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** Totals since the start. */
  read(): { readonly count: number; readonly ms: number } {
    const scale = this.#endedAt === null ? 1 : (performance.now() - this.#beganAt) / Math.max(1, this.#endedAt - this.#beganAt);
    this.#count += Math.round(this.#observed * scale);
    this.#ms += this.#observedMs * scale;
    this.#observed = 0;
    this.#observedMs = 0;
    if (this.#endedAt === null) this.#beganAt = performance.now();
    else this.start();
    return { count: this.#count, ms: this.#ms };
  }

  #seen(entries: readonly { readonly duration: number }[]): void {
    for (const { duration } of entries) this.#observedMs += duration;
    this.#observed += entries.length;
    if (this.#observed < MAX_OBSERVED) return;
    this.#endedAt = performance.now();
    this.#observer.disconnect();
  }
}
