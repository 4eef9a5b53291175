import { crashCause, isFatal, withHolder, type CrashContext } from '../../lifecycle/crash-cause.ts';
import type { StopReason, ExitReport } from '../../lifecycle/exit-report.ts';
import { now } from '../../system/clock.ts';

const STDERR_LINES = 40;
/** What is kept of a longer line: every line travels with each report of the exit. */
const STDERR_LENGTH = 2_000;
/** Lines in which the error is looked for: the native stack after V8 has run out of memory is longer than what is shown. */
export const SEARCHED_LINES = 120;
const SEARCHED_LENGTH = 300;
/** An uncaught error ends the process at once. What was written earlier is not why it ended. */
const LAST_WORDS_MS = 5_000;

/** A part that can know why a worker ended, beyond its exit code. */
export type EndObserver = 'start' | 'hang-watch' | 'memory-limit' | 'kernel';

interface EndedProcess extends Pick<ExitReport, 'code' | 'signal'>, CrashContext {
  readonly at: number;
}

/** Records how one worker ends. The first reason and the first cause are kept. */
export class WorkerEnd {
  /** The last lines of its stderr. */
  readonly lastStderr: string[] = [];
  /** Whether it was killed because `kill_timeout` ran out. */
  killedAtDeadline = false;
  #stopReason: StopReason | null = null;
  #observer: EndObserver | null = null;
  #cause: string | null = null;
  #stack: readonly string[] = [];
  readonly #searched: { readonly at: number; readonly text: string }[] = [];
  #holder: { readonly at: number; readonly text: string } | null = null;

  /** Why `lb` ends this worker; null if it does not. */
  get stopReason(): StopReason | null {
    return this.#stopReason;
  }

  /** Who reported the cause. */
  get observer(): EndObserver | null {
    return this.#observer;
  }

  ask(reason: StopReason): void {
    this.#stopReason ??= reason;
  }

  /** Sets the cause. Later calls count only from the same observer, which may refine its own cause. */
  explain(observer: EndObserver, cause: string, stack: readonly string[] = []): void {
    this.#observer ??= observer;
    if (this.#observer !== observer) return;
    this.#cause = cause;
    this.#stack = stack;
  }

  rememberStderr(line: string): void {
    const kept = line.length > STDERR_LENGTH ? `${detached(line.slice(0, STDERR_LENGTH))}…` : line;
    this.lastStderr.push(kept);
    if (this.lastStderr.length > STDERR_LINES) this.lastStderr.shift();
    this.#searched.push({ at: now(), text: kept.slice(0, SEARCHED_LENGTH) });
    if (this.#searched.length > SEARCHED_LINES) this.#searched.shift();
  }

  /** It may not listen: `port 3000 is held by app "web" (pid 123)`. */
  refusedAddress(holder: string): void {
    this.#holder = { at: now(), text: holder };
  }

  /** Call this after all of its output has been read. @param exit `at` is monotonic time. */
  facts(exit: EndedProcess): Pick<ExitReport, 'stopReason' | 'killedAtDeadline' | 'cause' | 'stack' | 'lastStderr'> {
    return {
      stopReason: this.#stopReason,
      killedAtDeadline: this.killedAtDeadline,
      cause: this.#cause ?? (this.#stopReason === null ? this.#lastWords(exit) : null),
      stack: this.#stack,
      lastStderr: [...this.lastStderr],
    };
  }

  #lastWords(exit: EndedProcess): string | null {
    const isRecent = ({ at }: { readonly at: number }): boolean => at >= exit.at - LAST_WORDS_MS;
    // After a fatal error the process may take long to end, while the kernel writes its memory to disk.
    const fatal = this.#searched.findIndex(({ text }) => isFatal(text));
    const stderr = this.#searched.filter((line, index) => isRecent(line) || (fatal !== -1 && index >= fatal)).map(({ text }) => text);
    const holder = this.#holder !== null && isRecent(this.#holder) ? this.#holder.text : null;
    return withHolder(crashCause(exit, stderr, exit), holder, exit);
  }
}

/** A copy: V8 keeps a whole string alive for a slice of it. */
const detached = (text: string): string => Buffer.from(text).toString();
