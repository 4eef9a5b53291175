import type { AskedBy, ExitReport } from '../../lifecycle/exit-report.ts';

const STDERR_LINES = 40;

/** Who knows why a worker ends, beyond its exit code. */
export type EndObserver = 'hang-watch' | 'memory-limit' | 'kernel';

/** How one worker ends. The first reason and the first cause stand; what comes later changes neither. */
export class WorkerEnd {
  /** Its last lines of stderr. */
  readonly lastStderr: string[] = [];
  /** `kill_timeout` ran out. */
  killedAtDeadline = false;
  #askedBy: AskedBy = null;
  #observer: EndObserver | null = null;
  #cause: string | null = null;
  #stack: readonly string[] = [];

  /** Why `lb` ends it; null while nobody asked. */
  get askedBy(): AskedBy {
    return this.#askedBy;
  }

  /** Whose cause stands. */
  get observer(): EndObserver | null {
    return this.#observer;
  }

  ask(reason: AskedBy): void {
    this.#askedBy ??= reason;
  }

  /** Only the observer that was first can replace its own cause by a more exact one. */
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

  facts(): Pick<ExitReport, 'askedBy' | 'killedAtDeadline' | 'cause' | 'stack' | 'lastStderr'> {
    return { askedBy: this.#askedBy, killedAtDeadline: this.killedAtDeadline, cause: this.#cause, stack: this.#stack, lastStderr: [...this.lastStderr] };
  }
}
