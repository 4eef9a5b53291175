import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { LbError } from '../errors/lb-error.ts';
import { collectGarbage } from '../system/collect-garbage.ts';

const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Every body may have this much; for more it waits its turn, so that only one of them is in memory. */
const SMALL_BYTES = 64 * 1024;
/** A client that has its turn and sends nothing loses it after this time. */
const TURN_MS = 30_000;
/** A command often comes with others. */
const COLLECT_AFTER_MS = 1_000;

/** Reads the bodies of requests. Together, those that are being read use hardly more memory than one. */
export class RequestBodies {
  /** The last of the large bodies that are being read or wait. */
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #collect: NodeJS.Timeout | null = null;

  /** The parsed JSON; undefined without a body. @throws LbError LB_ERR_MESSAGE */
  async read(request: IncomingMessage): Promise<unknown> {
    const body = new Body();
    const chunks = (request as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    try {
      if (await readUpTo(SMALL_BYTES, chunks, body)) return body.parse();
      return await this.#inTurn(() => readRest(request, chunks, body));
    } finally {
      // Nothing more of it is read; its connection stays open for the answer.
      await chunks.return?.();
    }
  }

  /** Nothing more is read from this request before its turn, so its client waits. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const done = this.#turn.then(work);
    this.#turn = done.then(
      () => {},
      () => {},
    );
    try {
      return await done;
    } finally {
      this.#waiting--;
      if (this.#waiting === 0) this.#freeSoon();
      // The next one would come on top of what is left of this one.
      else collectGarbage();
    }
  }

  /** Nothing else in this process would make V8 give back the memory, perhaps for hours. */
  #freeSoon(): void {
    if (this.#collect !== null) clearTimeout(this.#collect);
    this.#collect = setTimeout(() => {
      this.#collect = null;
      if (this.#waiting === 0) collectGarbage();
    }, COLLECT_AFTER_MS).unref();
  }
}

async function readRest(request: IncomingMessage, chunks: AsyncIterator<Buffer>, body: Body): Promise<unknown> {
  const timer = setTimeout(() => request.destroy(malformed(`a body within ${TURN_MS / 1000} s`, 'a part of it')), TURN_MS).unref();
  try {
    await readUpTo(MAX_BODY_BYTES, chunks, body);
    return body.parse();
  } finally {
    clearTimeout(timer);
  }
}

/** @returns whether it is complete. @throws LbError if it is too large */
async function readUpTo(bytes: number, chunks: AsyncIterator<Buffer>, body: Body): Promise<boolean> {
  while (body.bytes <= bytes) {
    const next = await chunks.next();
    if (next.done === true) return true;
    body.add(next.value);
  }
  return false;
}

/** A body as it comes. */
class Body {
  bytes = 0;
  readonly #decoder = new StringDecoder('utf8');
  #text = '';

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > MAX_BODY_BYTES) throw malformed(`at most ${MAX_BODY_BYTES} bytes`, 'more');
    this.#text += this.#decoder.write(chunk);
  }

  parse(): unknown {
    if (this.bytes === 0) return undefined;
    const text = this.#text + this.#decoder.end();
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw malformed('JSON', text.slice(0, 80));
    }
  }
}

function malformed(expected: string, got: string): LbError {
  return new LbError('LB_ERR_MESSAGE', { what: 'request', path: 'body', expected, got });
}
