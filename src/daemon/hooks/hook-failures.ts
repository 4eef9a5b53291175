import { plural } from '../../lifecycle/wording.ts';

/** After a report, further failures are counted for this long and reported together. */
const BURST_MS = 60_000;
/** Maximum number of distinct reasons per burst, because the output of a command can differ each time. */
const MAX_REASONS = 3;
const OTHER_REASONS = 'other reasons';

/** The hook that was called. */
export interface Hook {
  /** Changes with the definition. */
  readonly id: string;
  /** Name for messages. */
  readonly name: string;
}

/** Reports the failures of a hook at most once per burst. A changed definition starts a new burst. */
export class HookFailures {
  readonly #attempts: number;
  readonly #notify: (message: string) => void;
  #hook: Hook | null = null;
  readonly #failed = new Map<string, number>();
  #dropped = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param attempts how often a delivery is tried */
  constructor(attempts: number, notify: (message: string) => void) {
    this.#attempts = attempts;
    this.#notify = notify;
  }

  /** An event could not be delivered, after all attempts. */
  failed(hook: Hook, reason: string): void {
    this.#about(hook);
    const key = this.#failed.has(reason) || this.#failed.size < MAX_REASONS ? reason : OTHER_REASONS;
    this.#failed.set(key, (this.#failed.get(key) ?? 0) + 1);
    this.#count();
  }

  /** An event was dropped because too many were waiting. */
  dropped(hook: Hook): void {
    this.#about(hook);
    this.#dropped++;
    this.#count();
  }

  /** Reports everything not reported yet. @param givenUp number of events dropped by closing */
  close(hook: Hook, givenUp: number): void {
    this.#about(hook);
    this.#report(givenUp);
    this.#stopTimer();
  }

  #about(hook: Hook): void {
    if (this.#hook !== null && this.#hook.id !== hook.id) {
      this.#report();
      this.#stopTimer();
    }
    this.#hook = hook;
  }

  #count(): void {
    if (this.#timer === null) this.#report();
  }

  #report(givenUp = 0): void {
    this.#timer = null;
    const failed = sum(this.#failed.values());
    const parts = [
      ...(failed === 0
        ? []
        : [`${events(failed)} could not be delivered in ${this.#attempts} ${this.#attempts === 1 ? 'try' : 'tries'} (${reasons(this.#failed)})`]),
      ...(this.#dropped === 0 ? [] : [`${events(this.#dropped)} dropped because too many were waiting`]),
      ...(givenUp === 0 ? [] : [`${events(givenUp)} not delivered before the daemon ended`]),
    ];
    if (parts.length === 0) return;
    this.#failed.clear();
    this.#dropped = 0;
    this.#timer = setTimeout(() => this.#report(), BURST_MS);
    this.#timer.unref();
    this.#notify(`${this.#hook?.name ?? ''}: ${parts.join('; ')}`);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

const sum = (counts: Iterable<number>): number => [...counts].reduce((all, count) => all + count, 0);
const events = (count: number): string => plural(count, 'event');

function reasons(failed: ReadonlyMap<string, number>): string {
  return failed.size === 1 ? [...failed.keys()].join() : [...failed].map(([reason, count]) => `${count} × ${reason}`).join(', ');
}
