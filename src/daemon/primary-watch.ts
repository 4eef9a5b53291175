import { CALM_CHECK_MS, judge, CHECK_MS, UNSEEN, type Liveness } from '../lifecycle/liveness.ts';
import { mainThreadOf } from '../system/processes.ts';
import type { Attachment, AttachmentEvents } from './attachment.ts';

type Watched = Pick<Attachment, 'primary' | 'heard' | 'ping'> & { readonly events: Pick<AttachmentEvents, 'hung'> };

/** Checks the attached primaries, and notices those that hang. One timer for all: each would wake the daemon. */
export class PrimaryWatch {
  readonly #seen = new Map<Watched, Liveness>();
  readonly #threadOf: typeof mainThreadOf;
  #timer: NodeJS.Timeout | null = null;
  #isEnded = false;

  constructor(threadOf = mainThreadOf) {
    this.#threadOf = threadOf;
  }

  add(attachment: Watched): void {
    this.#seen.set(attachment, UNSEEN);
    if (this.#timer === null) this.#schedule(CALM_CHECK_MS);
  }

  remove(attachment: Watched): void {
    this.#seen.delete(attachment);
  }

  close(): void {
    this.#isEnded = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    // After a pause of this process, what has arrived meanwhile is read before the check.
    this.#timer = setTimeout(() => setImmediate(() => this.#check()), ms);
  }

  #check(): void {
    if (this.#isEnded) return;
    this.#timer = null;
    let isCalm = true;
    for (const [attachment, before] of [...this.#seen]) {
      const now = this.#judge(attachment, before);
      this.#seen.set(attachment, now);
      if (now.verdict === 'hung') attachment.events.hung(now.why);
      if (now.verdict === 'alive') continue;
      isCalm = false;
      // One question at a time: it waits until it is answered.
      if (before.verdict === 'alive') attachment.ping();
    }
    if (this.#seen.size > 0) this.#schedule(isCalm ? CALM_CHECK_MS : CHECK_MS);
  }

  #judge(attachment: Watched, before: Liveness): Liveness {
    const { primary } = attachment;
    const thread = primary === null ? null : this.#threadOf(primary);
    return judge(before, { heard: attachment.heard(), asked: before.verdict !== 'alive', thread });
  }
}
