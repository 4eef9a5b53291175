import { messageOf } from '../../errors/lb-error.ts';
import type { LbEvent } from '../../protocol/event.ts';
import { HookFailures, type Hook } from './hook-failures.ts';

const MAX_UNDER_WAY = 4;
const MAX_WAITING = 100;
const RETRY_DELAYS_MS = [1_000, 5_000];

interface HookQueueOptions {
  /** The current hook. */
  readonly hook: () => Hook;
  /** Calls the hook once; rejects if that fails. */
  readonly call: (event: LbEvent) => Promise<void>;
  /** Called once per burst of failures. */
  readonly failed: (message: string) => void;
  /** Delays between attempts; default 1 s and 5 s. */
  readonly retryDelaysMs?: readonly number[] | undefined;
}

/** The queue of events for one hook. It delivers a few at a time, tries each again after a failure, and drops the oldest if too many wait. */
export class HookQueue {
  readonly #hook: HookQueueOptions['hook'];
  readonly #call: HookQueueOptions['call'];
  readonly #failures: HookFailures;
  readonly #retryDelaysMs: readonly number[];
  readonly #waiting: LbEvent[] = [];
  readonly #pauses = new Set<NodeJS.Timeout>();
  #underWay = 0;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor({ hook, call, failed, retryDelaysMs = RETRY_DELAYS_MS }: HookQueueOptions) {
    this.#hook = hook;
    this.#call = call;
    this.#failures = new HookFailures(retryDelaysMs.length + 1, failed);
    this.#retryDelaysMs = retryDelaysMs;
  }

  add(event: LbEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#failures.dropped(this.#hook());
    }
    this.#pump();
  }

  /** Resolves when no delivery is in progress. */
  settled(): Promise<void> {
    return this.#underWay === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Drops all waiting events, and reports that. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failures.close(this.#hook(), this.#waiting.length + this.#underWay);
    this.#waiting.length = 0;
    for (const pause of this.#pauses) clearTimeout(pause);
  }

  #pump(): void {
    while (this.#underWay < MAX_UNDER_WAY) {
      const event = this.#waiting.shift();
      if (event === undefined) break;
      this.#underWay++;
      void this.#deliver(event).then(() => {
        this.#underWay--;
        this.#pump();
      });
    }
    if (this.#underWay === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #deliver(event: LbEvent): Promise<void> {
    for (let tries = 0; ; tries++) {
      const hook = this.#hook();
      try {
        await this.#call(event);
        return;
      } catch (error) {
        if (this.#closed) return;
        const delayMs = this.#retryDelaysMs[tries];
        if (delayMs === undefined) return this.#failures.failed(hook, messageOf(error));
        await this.#pause(delayMs);
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pauses.delete(timer);
        resolve();
      }, ms);
      this.#pauses.add(timer);
    });
  }
}
