import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../errors/lb-error.ts';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { LATE_MS, checkTick, nextTickOf, type CronSpec, type NextTick } from '../../lifecycle/cron.ts';
import { atTick } from '../../lifecycle/trigger.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import { wallNow } from '../../system/clock.ts';
import type { WorkerObserver } from '../workers/worker-handle.ts';
import type { Revival } from './revival.ts';

/** Waits for the ticks of `cron_restart`. */
export class CronClock implements WorkerObserver {
  readonly #revival: Pick<Revival, 'facts' | 'carryOut'>;
  readonly #event: EmitEvent;
  #spec: CronSpec | null = null;
  #next: NextTick | null = null;
  #dueAt: number | null = null;
  #checkedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(revival: Pick<Revival, 'facts' | 'carryOut'>, event: EmitEvent) {
    this.#revival = revival;
    this.#event = event;
  }

  /** The next tick in epoch milliseconds; null for none. */
  get nextAt(): number | null {
    return this.#dueAt;
  }

  onSpecChanged({ cron }: AppSpec): void {
    if (isDeepStrictEqual(cron, this.#spec)) return;
    this.stop();
    this.#spec = cron;
    if (cron !== null) void this.#begin(cron);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#spec = null;
    this.#next = null;
    this.#dueAt = null;
  }

  async #begin(cron: CronSpec): Promise<void> {
    try {
      const next = await nextTickOf(cron);
      if (this.#spec !== cron) return;
      this.#next = next;
      this.#plan(wallNow());
    } catch (error) {
      this.#event('cron', `cron_restart (${cron.pattern}) cannot be followed: ${messageOf(error)}`, undefined, { action: 'skip' });
    }
  }

  #plan(after: number): void {
    this.#dueAt = this.#next?.(new Date(after))?.getTime() ?? null;
    this.#checkedAt = wallNow();
    if (this.#dueAt !== null) this.#checkIn(checkTick(this.#dueAt, this.#checkedAt).againInMs);
  }

  #checkIn(ms: number): void {
    this.#timer = setTimeout(() => this.#check(), Math.max(1, ms)).unref();
  }

  #check(): void {
    if (this.#dueAt === null || this.#spec === null) return;
    const at = wallNow();
    const { verdict, againInMs } = checkTick(this.#dueAt, at);
    const wasSetBack = at < this.#checkedAt - LATE_MS;
    if (wasSetBack) return this.#plan(at);
    this.#checkedAt = at;
    if (verdict === 'wait') return this.#checkIn(againInMs);
    const cause = `cron_restart (${this.#spec.pattern})`;
    if (verdict === 'due') this.#revival.carryOut(atTick(this.#revival.facts), 'cron', cause);
    else this.#event('cron', `${cause}: the tick of ${new Date(this.#dueAt).toISOString()} was missed`, undefined, { action: 'skip' });
    // Late ticks of a second have passed, too.
    this.#plan(Math.max(at, this.#dueAt));
  }
}
