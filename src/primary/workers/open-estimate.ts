import type { OpenCount } from '../../protocol/worker.ts';

/** How many connections a worker has open: as many as it counted last, and those that were on their way to it then or came since. */
export class OpenEstimate {
  #handed = 0;
  #counted: OpenCount = { connections: 0, delivered: 0 };

  get value(): number {
    return this.#counted.connections + this.#handed - this.#counted.delivered;
  }

  handed(): void {
    this.#handed++;
  }

  /** One that was handed to it did not arrive. */
  lost(): void {
    this.#handed--;
  }

  /** @returns whether there are fewer now. */
  counted(count: OpenCount): boolean {
    const before = this.value;
    this.#counted = count;
    return this.value < before;
  }
}
