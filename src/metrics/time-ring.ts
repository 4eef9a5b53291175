/**
 * The latest values of several series, one per time step, of fixed size. Values in the same step are averaged; a step without
 * values is empty.
 */
export class TimeRing {
  readonly stepMs: number;
  readonly #points: number;
  readonly #data: Float32Array;
  /** Number of values in the newest step's mean, per series. */
  readonly #counts: Uint16Array;
  #first = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(series: number, { stepMs, points }: { readonly stepMs: number; readonly points: number }) {
    this.stepMs = stepMs;
    this.#points = points;
    this.#data = new Float32Array(series * points);
    this.#counts = new Uint16Array(series);
  }

  /** @param atMs not before the previous one @param values one per series; NaN for none */
  put(atMs: number, values: readonly number[]): void {
    const step = Math.floor(atMs / this.stepMs);
    if (step > this.#last) this.#advance(step);
    values.forEach((value, series) => {
      if (Number.isNaN(value)) return;
      const index = this.#index(series, this.#last);
      const n = (this.#counts[series] ?? 0) + 1;
      const mean = n === 1 ? 0 : (this.#data[index] ?? 0);
      this.#data[index] = mean + (value - mean) / n;
      this.#counts[series] = n;
    });
  }

  /** The values of a series up to the current step, and the time of the first. */
  read(series: number, nowMs: number): { readonly fromMs: number; readonly values: (number | null)[] } {
    const end = Math.max(this.#last, Math.floor(nowMs / this.stepMs));
    if (this.#last === Number.NEGATIVE_INFINITY) return { fromMs: end * this.stepMs, values: [] };
    const begin = Math.max(this.#first, end - this.#points + 1);
    const values: (number | null)[] = [];
    for (let step = begin; step <= end; step++) {
      const value = step > this.#last ? Number.NaN : (this.#data[this.#index(series, step)] ?? Number.NaN);
      values.push(Number.isNaN(value) ? null : value);
    }
    return { fromMs: begin * this.stepMs, values };
  }

  #advance(step: number): void {
    if (this.#last === Number.NEGATIVE_INFINITY) {
      this.#first = step;
      this.#last = step - 1;
    }
    for (let gap = Math.max(this.#last + 1, step - this.#points + 1); gap <= step; gap++) {
      for (let series = 0; series < this.#counts.length; series++) this.#data[this.#index(series, gap)] = Number.NaN;
    }
    this.#last = step;
    this.#first = Math.max(this.#first, step - this.#points + 1);
    this.#counts.fill(0);
  }

  #index(series: number, step: number): number {
    return series * this.#points + (step % this.#points);
  }
}
