import type { StopReason, ExitReport } from '../../lifecycle/exit-report.ts';

const STDERR_LINES = 40;

/** A part that can know why a worker ended, beyond its exit code. */
export type EndObserver = 'hang-watch' | 'memory-limit' | 'kernel';

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
    this.lastStderr.push(line);
    if (this.lastStderr.length > STDERR_LINES) this.lastStderr.shift();
  }

  facts(): Pick<ExitReport, 'stopReason' | 'killedAtDeadline' | 'cause' | 'stack' | 'lastStderr'> {
    return { stopReason: this.#stopReason, killedAtDeadline: this.killedAtDeadline, cause: this.#cause, stack: this.#stack, lastStderr: [...this.lastStderr] };
  }
}
