import { inspect } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 10 s. */
  readonly deadlineMs?: number;
  readonly everyMs?: number;
  /** Goes below the message when the deadline passes. */
  readonly context?: () => string;
}

type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>;

/** Asks until the answer is truthy and returns it; an answer that throws counts as "not yet". */
export async function waitFor<T>(description: string, ask: () => T | Promise<T>, options: WaitOptions = {}): Promise<Truthy<T>> {
  const { deadlineMs = 10_000, everyMs = 20 } = options;
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    let last: unknown;
    try {
      const answer = await ask();
      if (answer) return answer as Truthy<T>;
      last = answer;
    } catch (thrown) {
      last = thrown;
    }
    if (performance.now() > deadline) {
      const value = inspect(last, { depth: 6, breakLength: 120 }).slice(0, 4000);
      throw new Error(`waited ${deadlineMs} ms in vain for ${description}; last: ${value}${options.context === undefined ? '' : `\n${options.context()}`}`);
    }
    await delay(everyMs);
  }
}

/** The promise, or an error that names what did not come. */
export async function within<T>(description: string, ms: number, promise: Promise<T>): Promise<T> {
  const timeout = new AbortController();
  const late = delay(ms, undefined, { signal: timeout.signal }).then(
    () => Promise.reject(new Error(`waited ${ms} ms in vain for ${description}`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    timeout.abort();
  }
}
