/** The newest items, bounded in number and bytes. */
export class LineRing<T extends NonNullable<unknown>> {
  readonly #capacity: number;
  readonly #maxBytes: number;
  readonly #sizeOf: (item: T) => number;
  readonly #items: (T | undefined)[] = [];
  /** Index of the oldest item. */
  #first = 0;
  #size = 0;
  #bytes = 0;

  /** @param maxBytes larger items are not kept at all */
  constructor(capacity: number, maxBytes = Infinity, sizeOf: (item: T) => number = () => 0) {
    this.#capacity = Math.max(0, Math.floor(capacity));
    this.#maxBytes = maxBytes;
    this.#sizeOf = sizeOf;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(item: T): void {
    const bytes = this.#sizeOf(item);
    while (this.#size > 0 && (this.#size === this.#capacity || this.#bytes + bytes > this.#maxBytes)) this.#dropOldest();
    if (this.#size === this.#capacity || bytes > this.#maxBytes) return;
    this.#items[(this.#first + this.#size) % this.#capacity] = item;
    this.#size++;
    this.#bytes += bytes;
  }

  /** The newest `n`, oldest first. */
  last(n: number): T[] {
    const count = Math.max(0, Math.min(Math.floor(n), this.#size));
    const items: T[] = [];
    for (let i = this.#size - count; i < this.#size; i++) {
      const item = this.#items[(this.#first + i) % this.#capacity];
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  #dropOldest(): void {
    const oldest = this.#items[this.#first];
    if (oldest !== undefined) this.#bytes -= this.#sizeOf(oldest);
    this.#items[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#capacity;
    this.#size--;
  }
}
