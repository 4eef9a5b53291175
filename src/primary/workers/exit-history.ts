import { describeExit, isFailure, type ExitReport } from '../../lifecycle/exit-report.ts';
import type { LastFailure } from '../../protocol/snapshot.ts';
import { wallNow } from '../../system/clock.ts';

const KEPT = 10;
/** After this time without another failure, the last one is no longer news. */
const NEWS_MS = 600_000;

/** How the workers of an app ended: the last exits, and the last failure of each slot. */
export class ExitHistory {
  readonly #last: ExitReport[] = [];
  readonly #failures = new Map<number, ExitReport>();

  /** The last ones, newest last. */
  get last(): readonly ExitReport[] {
    return this.#last;
  }

  add(report: ExitReport): void {
    this.#last.push(report);
    if (this.#last.length > KEPT) this.#last.shift();
    if (!isFailure(report)) return;
    // The last one of all slots stands last.
    this.#failures.delete(report.slot);
    this.#failures.set(report.slot, report);
  }

  /** All workers were replaced since: why the earlier ones failed is no longer news. */
  forgetFailures(): void {
    this.#failures.clear();
  }

  /** Why the worker of this slot last failed. */
  causeOf(slot: number): string | null {
    const failure = this.#failures.get(slot);
    return failure === undefined ? null : describeExit(failure);
  }

  /** The last failure of all slots; null if there was none recently. */
  get lastFailure(): LastFailure | null {
    const failure = [...this.#failures.values()].at(-1);
    const agoMs = failure === undefined ? Number.POSITIVE_INFINITY : Math.max(0, wallNow() - failure.at);
    return failure === undefined || agoMs > NEWS_MS ? null : { slot: failure.slot, cause: describeExit(failure), agoMs };
  }
}
