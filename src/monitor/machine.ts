import { availableParallelism, cpus, freemem, loadavg, totalmem } from 'node:os';

/** The daemon's machine; the socket is a file, so it is this one. */
export interface Machine {
  readonly cores: number;
  /** Share of all cores in use since the previous sample, 0 to 1; null on the first. */
  readonly cpu: number | null;
  readonly memoryUsedBytes: number;
  readonly memoryBytes: number;
  /** Averages over 1, 5 and 15 minutes. */
  readonly load: readonly number[];
}

/** Samples CPU, memory and load of the machine. */
export class MachineMeter {
  #busy = 0;
  #all = 0;

  sample(): Machine {
    let busy = 0;
    let all = 0;
    for (const { times } of cpus()) {
      busy += times.user + times.nice + times.sys + times.irq;
      all += times.user + times.nice + times.sys + times.irq + times.idle;
    }
    const passed = all - this.#all;
    const cpu = this.#all === 0 || passed <= 0 ? null : (busy - this.#busy) / passed;
    this.#busy = busy;
    this.#all = all;
    const memoryBytes = totalmem();
    return { cores: availableParallelism(), cpu, memoryUsedBytes: memoryBytes - freemem(), memoryBytes, load: loadavg() };
  }
}
