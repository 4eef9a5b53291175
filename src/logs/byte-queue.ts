const BLOCK_BYTES = 64 * 1024;

interface Block {
  readonly bytes: Buffer;
  start: number;
  end: number;
}

/**
 * A FIFO of bytes waiting to be written. It copies them into blocks, so that many short lines need no object each, and an idle
 * queue touches only the first pages of one block.
 */
export class ByteQueue {
  readonly #blocks: Block[] = [];
  /** Empty blocks for reuse: under load, the garbage collector would free their memory too late. */
  readonly #spare: Block[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The newest byte; undefined if empty. */
  get lastByte(): number | undefined {
    const block = this.#blocks.at(-1);
    return block === undefined || block.start === block.end ? undefined : block.bytes[block.end - 1];
  }

  push(chunk: string | Buffer): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let copied = 0;
    while (copied < bytes.length) {
      let block = this.#blocks.at(-1);
      if (block === undefined || block.end === BLOCK_BYTES) {
        block = this.#spare.pop() ?? { bytes: Buffer.allocUnsafeSlow(BLOCK_BYTES), start: 0, end: 0 };
        this.#blocks.push(block);
      }
      const count = bytes.copy(block.bytes, block.end, copied);
      block.end += count;
      copied += count;
    }
    this.#length += bytes.length;
  }

  /** The oldest bytes; they stay in the queue until they are dropped. @param blocks at most this many buffers */
  peek(blocks: number): Buffer[] {
    return this.#blocks.slice(0, blocks).map(({ bytes, start, end }) => bytes.subarray(start, end));
  }

  /** Removes the oldest bytes. */
  drop(count: number): void {
    for (let left = count; left > 0; ) {
      const block = this.#blocks[0];
      if (block === undefined) return;
      const fromBlock = Math.min(left, block.end - block.start);
      this.#dropFrom(block, fromBlock);
      left -= fromBlock;
    }
  }

  #dropFrom(block: Block, count: number): void {
    block.start += count;
    this.#length -= count;
    if (block.start < block.end) return;
    block.start = 0;
    block.end = 0;
    if (this.#blocks.length === 1) {
      this.#spare.length = 0;
      return;
    }
    this.#spare.push(block);
    this.#blocks.shift();
  }

  /** Removes everything and returns how many bytes that was. */
  clear(): number {
    const length = this.#length;
    this.#blocks.length = 0;
    this.#spare.length = 0;
    this.#length = 0;
    return length;
  }
}
