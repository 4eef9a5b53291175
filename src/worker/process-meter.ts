import { getHeapStatistics } from 'node:v8';
import type { ProcessUse } from '../protocol/worker.ts';

/** Listing the handles of ten thousand connections takes a millisecond. */
const HANDLES_EVERY = 10;

/** What this process uses: CPU, memory, garbage collection, open handles. */
export class ProcessMeter {
  #gcCount = 0;
  #gcMs = 0;
  #handles = 0;
  #looks = 0;

  start(): void {
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        this.#gcCount++;
        this.#gcMs += duration;
      }
    }).observe({ entryTypes: ['gc'] });
  }

  look(): ProcessUse {
    const { user, system } = process.cpuUsage();
    const heap = getHeapStatistics();
    if (this.#looks++ % HANDLES_EVERY === 0) this.#handles = process.getActiveResourcesInfo().length;
    return {
      cpuMs: Math.round((user + system) / 1000),
      rssBytes: process.memoryUsage.rss(),
      heapUsedBytes: heap.used_heap_size,
      heapLimitBytes: heap.heap_size_limit,
      gcCount: this.#gcCount,
      gcMs: Math.round(this.#gcMs * 10) / 10,
      handles: this.#handles,
    };
  }
}
