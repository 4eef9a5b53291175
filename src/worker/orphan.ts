import type { Worker } from 'node:cluster';
import type { WorkerSettings } from '../protocol/worker.ts';
import type { Drain } from './drain.ts';
import { reviveDaemon } from './revive.ts';

/**
 * What a worker does when its primary vanishes: it is not ended, as Node's cluster would do, but drains, and leaves once
 * somebody looks after the app again and HTTP is quiet.
 */
export class Orphan {
  readonly #drain: () => Drain;
  readonly #shutdownSignal: () => NodeJS.Signals | null;
  #isQuiet = false;
  #isSettled = false;

  constructor(drain: () => Drain, shutdownSignal: () => NodeJS.Signals | null) {
    this.#drain = drain;
    this.#shutdownSignal = shutdownSignal;
  }

  watch(worker: Worker, settings: WorkerSettings): void {
    worker.once('disconnect', () => {
      // Node 20 to 26 end a worker at once unless this is set.
      worker.exitedAfterDisconnect = true;
      // Nobody reads our output any more; losing it must not crash the app.
      for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), settings.killTimeoutMs).unref();
      this.#drain().begin();
      if (settings.revive === null) this.#settled();
      else reviveDaemon(settings.revive, () => this.#settled());
    });
  }

  /** No HTTP connection is left. */
  quiet(): void {
    this.#isQuiet = true;
    this.#leave();
  }

  #settled(): void {
    this.#isSettled = true;
    this.#leave();
  }

  #leave(): void {
    const drain = this.#drain();
    // Asked once, by whomever: many apps take a second signal for "now".
    if (!this.#isQuiet || !this.#isSettled || drain.leaving) return;
    const signal = this.#shutdownSignal();
    if (signal !== null) process.kill(process.pid, signal);
    drain.leave(signal === null);
  }
}
