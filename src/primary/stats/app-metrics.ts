import { mergeAppMetrics, sumCounts } from '../../metrics/merge-app-metrics.ts';
import { parseAppMetrics } from '../../metrics/read-app-metrics.ts';
import type { AppMetric, MergedMetrics } from '../../protocol/app-metrics.ts';
import { isServing } from '../../lifecycle/states.ts';
import { withDeadline } from '../../system/deadline.ts';
import type { WorkerHandle, WorkerObserver } from '../workers/worker-handle.ts';

const ANSWER_WITHIN_MS = 1_000;

type Metrics = readonly AppMetric[];

/** Collects the metrics in the workers' own `prom-client` registries, only when they are scraped. */
export class AppMetrics implements WorkerObserver {
  readonly #workers: () => readonly WorkerHandle[];
  /** The last answer of each worker. */
  readonly #known = new Map<WorkerHandle, Metrics>();
  readonly #waiting = new Map<WorkerHandle, (text: string | null) => void>();
  /** Counters of workers that have exited. */
  #gone: Metrics = [];
  #id = 0;
  #round: Promise<MergedMetrics> | null = null;

  constructor(workers: () => readonly WorkerHandle[]) {
    this.#workers = workers;
  }

  /** Concurrent scrapes share one collection. */
  collect(): Promise<MergedMetrics> {
    this.#round ??= this.#collect().finally(() => (this.#round = null));
    return this.#round;
  }

  onAppMetrics(worker: WorkerHandle, id: number, text: string | null): void {
    if (id === this.#id) this.#waiting.get(worker)?.(text);
  }

  onExit(worker: WorkerHandle): void {
    this.#waiting.get(worker)?.(null);
    const counted = this.#known.get(worker);
    if (counted !== undefined) this.#gone = sumCounts([counted, this.#gone]);
    this.#known.delete(worker);
  }

  async #collect(): Promise<MergedMetrics> {
    this.#id++;
    const queried = this.#workers()
      .filter(({ state, channel }) => isServing(state) && channel.connected)
      .sort((a, b) => b.id - a.id);
    const refused: string[] = [];
    const current: { readonly slot: number; readonly metrics: Metrics }[] = [];
    const answered = new Set<WorkerHandle>();
    for (const [worker, text] of await Promise.all(queried.map(async (one) => [one, await this.#ask(one)] as const))) {
      const read = text === null ? null : parseAppMetrics(text);
      if (read === null || worker.state === 'exited') continue;
      this.#known.set(worker, read.metrics);
      answered.add(worker);
      current.push({ slot: worker.slot, metrics: read.metrics });
      refused.push(...read.refused);
    }
    const silent = [...this.#known]
      .filter(([worker]) => !answered.has(worker))
      .sort(([a], [b]) => b.id - a.id)
      .map(([, metrics]) => metrics);
    const { families, leftOut } = mergeAppMetrics({ current, past: [...silent, this.#gone] });
    return { families, missing: queried.length - answered.size, leftOut: [...new Set([...refused, ...leftOut])] };
  }

  /** Null if the worker does not answer in time. */
  #ask(worker: WorkerHandle): Promise<string | null> {
    const answer = new Promise<string | null>((resolve) => this.#waiting.set(worker, resolve));
    worker.channel.post({ t: 'app-metrics', id: this.#id });
    return withDeadline(answer, ANSWER_WITHIN_MS).finally(() => this.#waiting.delete(worker));
  }
}
