import type { HistoryAnswer } from '../../protocol/history.ts';
import type { AppSnapshot } from '../../protocol/snapshot.ts';

/** What a chart shows. */
export const WINDOW_SECONDS = 600;
/** Stats that come a little late leave no hole. */
const LATE_SECONDS = 2;

export const METRICS = ['rps', 'p95', 'cpu', 'memory', 'connections'] as const;
export type Metric = (typeof METRICS)[number];

const READ: Readonly<Record<Metric, (app: AppSnapshot) => number | null>> = {
  rps: (app) => app.requestsPerSecond,
  p95: (app) => app.p95Ms,
  cpu: (app) => app.cpuPercent,
  memory: (app) => app.memoryBytes,
  connections: (app) => app.connections,
};

/** One value a second, the newest last; null where nothing is known. */
export class Series {
  #values: (number | null)[] = new Array<number | null>(WINDOW_SECONDS).fill(null);
  /** Of the newest value, since the epoch; 0 before the first. */
  #last = 0;

  put(second: number, value: number | null): void {
    const newer = Math.min(second - this.#last, WINDOW_SECONDS);
    if (newer > 0) {
      const between = this.#last > 0 && newer <= LATE_SECONDS ? value : null;
      this.#values = [...this.#values.slice(newer), ...new Array<number | null>(newer).fill(between)];
      this.#last = second;
    }
    this.#set(second, value);
  }

  /** Fills in what was before the first look; what is known stays. */
  prefill({ from, stepMs, values }: HistoryAnswer): void {
    const newest = Math.floor((from + stepMs * (values.length - 1)) / 1000);
    if (this.#last === 0 && values.length > 0) this.put(newest, values.at(-1) ?? null);
    for (const [index, value] of values.entries()) {
      const second = Math.floor((from + index * stepMs) / 1000);
      if (this.at(second) === null) this.#set(second, value);
    }
  }

  at(second: number): number | null {
    return this.#values[this.#indexOf(second)] ?? null;
  }

  get values(): readonly (number | null)[] {
    return this.#values;
  }

  /** Seconds since the epoch, one for each value. */
  get times(): readonly number[] {
    return this.#values.map((_, index) => this.#last - WINDOW_SECONDS + 1 + index);
  }

  #indexOf(second: number): number {
    return WINDOW_SECONDS - 1 - (this.#last - second);
  }

  #set(second: number, value: number | null): void {
    const index = this.#indexOf(second);
    if (index >= 0 && index < WINDOW_SECONDS) this.#values[index] = value;
  }
}

export type AppHistory = Readonly<Record<Metric, Series>>;

export const newHistory = (): AppHistory => ({ rps: new Series(), p95: new Series(), cpu: new Series(), memory: new Series(), connections: new Series() });

/** @param atMs epoch milliseconds. */
export function record(history: AppHistory, atMs: number, app: AppSnapshot): void {
  for (const metric of METRICS) history[metric].put(Math.floor(atMs / 1000), READ[metric](app));
}
