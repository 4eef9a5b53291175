/** Collections that are looked at between two readings: each look costs as much as a few requests. */
const MAX_LOOKS = 20;

/**
 * Counts garbage collections and the time they take. Up to 20 between two readings are counted; of a process that collects
 * more often, the rest of that time is assumed to be like its beginning.
 */
export class GcMeter {
  #count = 0;
  #ms = 0;
  #looks = 0;
  #lookedMs = 0;
  #beganAt = performance.now();
  #endedAt: number | null = null;
  readonly #observer = new PerformanceObserver((list) => this.#seen(list.getEntries()));

  start(): void {
    this.#beganAt = performance.now();
    this.#endedAt = null;
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** Since the start. */
  read(): { readonly count: number; readonly ms: number } {
    const scale = this.#endedAt === null ? 1 : (performance.now() - this.#beganAt) / Math.max(1, this.#endedAt - this.#beganAt);
    this.#count += Math.round(this.#looks * scale);
    this.#ms += this.#lookedMs * scale;
    this.#looks = 0;
    this.#lookedMs = 0;
    if (this.#endedAt === null) this.#beganAt = performance.now();
    else this.start();
    return { count: this.#count, ms: this.#ms };
  }

  #seen(entries: readonly { readonly duration: number }[]): void {
    for (const { duration } of entries) this.#lookedMs += duration;
    this.#looks += entries.length;
    if (this.#looks < MAX_LOOKS) return;
    this.#endedAt = performance.now();
    this.#observer.disconnect();
  }
}
