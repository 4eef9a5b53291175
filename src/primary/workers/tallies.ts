import type { Patience, Tally } from '../../lifecycle/canary.ts';
import type { ToWorker, Unmarked } from '../../protocol/worker.ts';
import { withDeadline } from '../../system/deadline.ts';

/** A worker that does not answer within this time is blocked, or gone. */
const ANSWER_WITHIN_MS = 500;

/** Asks one worker what became of its requests. */
export class Tallies {
  readonly #post: (message: Unmarked<ToWorker>) => void;
  readonly #waiting = new Map<number, (tally: Tally) => void>();
  #asked = 0;

  constructor(post: (message: Unmarked<ToWorker>) => void) {
    this.#post = post;
  }

  /** Since it started. Null if it does not answer. */
  async ask(patience: Patience): Promise<Tally | null> {
    const id = ++this.#asked;
    const answer = new Promise<Tally>((resolve) => this.#waiting.set(id, resolve));
    this.#post({ t: 'tally', id, patience });
    const tally = await withDeadline(answer, ANSWER_WITHIN_MS);
    this.#waiting.delete(id);
    return tally;
  }

  answered(id: number, tally: Tally): void {
    this.#waiting.get(id)?.(tally);
  }
}
