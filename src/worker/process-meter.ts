import type { ProcessUse } from '../protocol/worker.ts';
import { GcMeter } from './gc-meter.ts';

/** Handles are counted in every tenth sample only, because listing ten thousand of them takes a millisecond. */
const HANDLES_EVERY = 10;

/** Measures what this process uses: CPU, memory, garbage collection, open handles. */
export class ProcessMeter {
  readonly #gc = new GcMeter();
  #handles = 0;
  #samples = 0;

  start(): void {
    this.#gc.start();
  }

  /** User and system CPU time since the start. */
  cpuMs(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }

  sample(): ProcessUse {
    // Loaded with the first sample: loading it takes longer than the rest of the preload, and would delay the app's boot.
    const heap = process.getBuiltinModule('node:v8').getHeapStatistics();
    const gc = this.#gc.read();
    if (this.#samples++ % HANDLES_EVERY === 0) this.#handles = process.getActiveResourcesInfo().length;
    return {
      cpuMs: Math.round(this.cpuMs()),
      rssBytes: process.memoryUsage.rss(),
      heapUsedBytes: heap.used_heap_size,
      heapLimitBytes: heap.heap_size_limit,
      gcCount: gc.count,
      gcMs: Math.round(gc.ms * 10) / 10,
      handles: this.#handles,
    };
  }
}
