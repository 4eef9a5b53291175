import { availableParallelism } from 'node:os';
import { LbError } from '../errors/lb-error.ts';
import type { Attachment } from './attachment.ts';

/** More at a time only delay each other. */
const AT_ONCE = 2 * availableParallelism();

interface RestartsOptions {
  /** Resolves when the primary is not being replaced. */
  readonly replaced: () => Promise<void>;
  /** What of earlier primaries keeps the app from running in the next, until it resolves: a copy that still ends, or a primary that leaves. */
  readonly obstacle: (app: string) => Promise<void> | null;
  /** Whether this is the connection of the primary. */
  readonly isCurrent: (attachment: Attachment) => boolean;
  readonly log: (message: string) => void;
}

/** Starts apps again that were in another primary: each when nothing of it is left, and only a few at a time, in order. */
export class Restarts {
  readonly #options: RestartsOptions;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: RestartsOptions) {
    this.#options = options;
  }

  /** Resolves when the app may run in the primary. */
  async readyFor(app: string): Promise<void> {
    const { replaced, obstacle } = this.#options;
    await replaced();
    for (let next = obstacle(app); next !== null; next = obstacle(app)) await next;
  }

  /** @param start is not called if that primary is gone by then */
  async restart(app: string, attachment: Attachment, start: () => Promise<void>): Promise<void> {
    const { isCurrent, log } = this.#options;
    await this.readyFor(app);
    await this.#turn();
    try {
      if (isCurrent(attachment)) await start();
    } catch (error) {
      log(`${app}: ${LbError.from(error).message}`);
    } finally {
      this.#passOn();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < AT_ONCE) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The next in line takes the place; nobody gets in between. */
  #passOn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}
