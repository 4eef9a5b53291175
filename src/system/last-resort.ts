import { now } from './clock.ts';

/** One error is reported at most once in this time. */
const REPORT_EVERY_MS = 60_000;
const MAX_DISTINCT = 20;
/** After this many errors in this time, the state of the process is not trusted. */
const MANY = 100;
const SHORT_MS = 10_000;
/** A process that had as many right after its start would only be followed by another one that has them. */
const LIVED_MS = 60_000;

interface LastResortOptions {
  /** Gets the message, for people, and the stack. */
  readonly report: (message: string, stack: string) => void;
  /** Ends the process, if it is better replaced. Returns if it is not. */
  readonly giveUp: (why: string) => void;
}

/**
 * What becomes of an error that nothing handles: a bug. The process goes on, because its state is made right by the next round of
 * reconciling, and ending it would cost more; only a flood of errors ends it.
 */
export class LastResort {
  readonly #options: LastResortOptions;
  readonly #startedAt = now();
  readonly #reported = new Map<string, number>();
  #recent: number[] = [];

  constructor(options: LastResortOptions) {
    this.#options = options;
  }

  /** Catches everything that is thrown in this process from now on. */
  install(): void {
    process.on('uncaughtException', (error) => this.caught(error));
    process.on('unhandledRejection', (reason) => this.caught(reason));
  }

  caught(thrown: unknown): void {
    try {
      this.#handle(thrown);
    } catch {
      // An error here would end the process.
    }
  }

  #handle(thrown: unknown): void {
    const at = now();
    const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    this.#recent = [...this.#recent.filter((each) => at - each < SHORT_MS), at].slice(-MANY);
    if (this.#isNew(message, at)) this.#options.report(message, thrown instanceof Error ? (thrown.stack ?? message) : message);
    if (this.#recent.length === MANY && at - this.#startedAt > LIVED_MS)
      this.#options.giveUp(`${MANY} errors within ${SHORT_MS / 1000} s, the last one: ${message}`);
  }

  #isNew(message: string, at: number): boolean {
    for (const [each, reportedAt] of this.#reported) if (at - reportedAt >= REPORT_EVERY_MS) this.#reported.delete(each);
    if (this.#reported.has(message) || this.#reported.size >= MAX_DISTINCT) return false;
    this.#reported.set(message, at);
    return true;
  }
}

/** Output of this process that cannot be written, because the disk is full or its reader is gone, does not end it. */
export function outliveOutput(failed: (stream: 'stdout' | 'stderr', error: Error) => void): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = process[name];
    // A command ends then.
    stream.removeAllListeners('error');
    stream.on('error', (error: Error) => failed(name, error));
  }
}
