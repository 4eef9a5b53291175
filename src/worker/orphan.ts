import type { Worker } from 'node:cluster';
import { LEAVE_SIGNAL, type WorkerSettings } from '../protocol/worker.ts';
import type { Drain } from './drain.ts';
import { restartDaemon } from './restart-daemon.ts';

/** How long requests may take before the app is asked to shut down, while the next primary waits for that. */
const AWAITED_MS = 2_000;

/**
 * Handles the loss of the primary. The worker does not exit, as it would with Node's cluster, but drains. It leaves once a
 * daemon looks after the app again and no HTTP connection is left, or when the time is up.
 */
export class Orphan {
  /** The next primary waits for its end, so it does not wait long for its connections. */
  isAwaited = false;
  readonly #drain: () => Drain;
  readonly #shutdownSignal: () => NodeJS.Signals | null;
  #isQuiet = false;
  #isSettled = false;

  constructor(drain: () => Drain, shutdownSignal: () => NodeJS.Signals | null) {
    this.#drain = drain;
    this.#shutdownSignal = shutdownSignal;
  }

  /** @param worker the cluster worker that this process is; undefined for a plain process. */
  watch(worker: Worker | undefined, settings: WorkerSettings): void {
    (worker ?? process).once('disconnect', () => {
      // Node 20 to 26 exit a cluster worker immediately unless this is set.
      if (worker !== undefined) worker.exitedAfterDisconnect = true;
      const { killTimeoutMs, askAfterMs = killTimeoutMs } = settings;
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), killTimeoutMs).unref();
      setTimeout(() => this.#ask(), askAfterMs).unref();
      process.on(LEAVE_SIGNAL, () => this.#ask());
      this.#drain().begin();
      if (this.isAwaited) setTimeout(() => this.#ask(), AWAITED_MS).unref();
      if (settings.restartDaemon === null) this.#settled();
      else restartDaemon(settings.restartDaemon, () => this.#settled());
    });
  }

  /** Call this when no HTTP connection is left. */
  quiet(): void {
    this.#isQuiet = true;
    if (this.#isSettled) this.#ask();
  }

  #settled(): void {
    this.#isSettled = true;
    if (this.#isQuiet) this.#ask();
  }

  #ask(): void {
    const drain = this.#drain();
    // The app is asked only once: many apps treat a second signal as "exit immediately".
    if (drain.leaving) return;
    const signal = this.#shutdownSignal();
    if (signal !== null) process.kill(process.pid, signal);
    drain.leave(signal === null);
  }
}
