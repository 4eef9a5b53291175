import type { OpenCount } from '../../protocol/worker.ts';

/** Estimates how many connections a worker has open: its last count, plus those that were handed over but not delivered by then. */
export class OpenEstimate {
  #handed = 0;
  #counted: Omit<OpenCount, 'accepted'> = { connections: 0, delivered: 0 };

  get value(): number {
    return this.#counted.connections + this.#handed - this.#counted.delivered;
  }

  /** As last reported. */
  get reported(): number {
    return this.#counted.connections;
  }

  handed(): void {
    this.#handed++;
  }

  /** A connection that was handed over did not arrive. */
  lost(): void {
    this.#handed--;
  }

  /** @returns whether the estimate went down. */
  counted(count: OpenCount): boolean {
    const before = this.value;
    this.#counted = count;
    return this.value < before;
  }
}
