import { now } from '../../../system/clock.ts';

/** A deadline that fires later than this means that this process was stopped or starved of CPU. Then the check is inconclusive. */
const LATE_MS = 500;

/** One time limit for all steps of a check. When it passes, the connection is closed. */
export class Deadline {
  wasLate = false;
  readonly #timeoutMs: number;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    const dueAt = now() + timeoutMs;
    this.#timeoutMs = timeoutMs;
    this.#timer = setTimeout(() => {
      this.wasLate = now() - dueAt > LATE_MS;
      this.#controller.abort();
    }, timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** @throws Error naming what did not happen in time. */
  race<T>(step: Promise<T>, missing: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`${missing} in ${seconds(this.#timeoutMs)}`));
      // Rejects before the step does: the abort closes the connection, and that error is not the cause.
      if (this.signal.aborted) late();
      this.signal.addEventListener('abort', late, { once: true });
      step.then(resolve, reject);
    });
  }

  cancel(): null {
    clearTimeout(this.#timer);
    return null;
  }
}

export function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
