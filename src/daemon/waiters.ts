import { LbError } from '../errors/lb-error.ts';
import { withDeadline } from '../system/deadline.ts';
import type { Attachment } from './attachment.ts';

const WITHIN_MS = 10_000;

/** Those who wait until a primary is connected. */
export class Waiters {
  #waiting: ((attachment: Attachment | null) => void)[] = [];

  /** @param problem why none has connected @throws LbError LB_ERR_PRIMARY_LOST when none connects in time, or none will */
  async next(app: string, problem: () => string | null): Promise<Attachment> {
    const attached = await withDeadline(new Promise<Attachment | null>((resolve) => this.#waiting.push(resolve)), WITHIN_MS);
    if (attached !== null) return attached;
    throw new LbError('LB_ERR_PRIMARY_LOST', { app, reason: problem() ?? `it did not connect within ${WITHIN_MS / 1000} s` });
  }

  /** @param attachment null if none will connect */
  answer(attachment: Attachment | null): void {
    for (const waiter of this.#waiting.splice(0)) waiter(attachment);
  }
}
