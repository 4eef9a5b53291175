import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { appendFile, readFile, rename, stat } from 'node:fs/promises';
import { errnoOf, messageOf } from '../errors/lb-error.ts';
import type { LbEvent, NewEvent } from '../protocol/event.ts';
import { parseEvent } from '../protocol/parse-event.ts';

/** Maximum size of each of the two files. */
const MAX_FILE_BYTES = 5 * 1024 * 1024;
/** Number of events in memory; older ones are read from the files on request. */
const KEPT_EVENTS = 500;
/** How much of a file to load at the start; an event has about 300 bytes. */
const TAIL_BYTES = 256 * 1024;
/** Maximum number of lines waiting for a slow disk; older ones are dropped. */
const MAX_UNWRITTEN = 10_000;

interface EventLogOptions {
  /** `events.ndjson`; the older file has `.1` before the extension. */
  readonly path: string;
  readonly log: (message: string) => void;
  /** Default 5 MB. */
  readonly maxFileBytes?: number;
  /** How much of a file to load at the start; default 256 KB. */
  readonly tailBytes?: number;
}

export interface EventQuery {
  readonly app: string | null;
  /** The first events after this id; null for the newest events. */
  readonly since: number | null;
  readonly limit: number;
}

/** The events of a home across its daemons, numbered: the newest in memory, all in two files of bounded size. */
export class EventLog {
  readonly #path: string;
  readonly #olderPath: string;
  readonly #log: (message: string) => void;
  readonly #maxFileBytes: number;
  readonly #tailBytes: number;
  readonly #readers = new Set<(event: LbEvent) => void>();
  /** The newest events without a gap; the files have all older ones. */
  #events: LbEvent[] = [];
  #lastId = 0;
  #unwritten: string[] = [];
  /** The last access to the files in the queue. */
  #turn: Promise<void> = Promise.resolve();
  /** The file ends with an incomplete line, so the next write must begin with a newline. */
  #brokenLine = false;
  #failing = false;

  constructor({ path, log, maxFileBytes = MAX_FILE_BYTES, tailBytes = TAIL_BYTES }: EventLogOptions) {
    this.#path = path;
    this.#olderPath = path.replace(/(\.\w+)?$/, '.1$1');
    this.#log = log;
    this.#maxFileBytes = maxFileBytes;
    this.#tailBytes = tailBytes;
  }

  /** The newest event; null before the first. */
  get last(): LbEvent | null {
    return this.#events.at(-1) ?? null;
  }

  /** Whether the previous daemon shut down cleanly. Failed hooks may add events after its `daemon-end`. */
  get endedWell(): boolean {
    return this.#events.findLast(({ kind }) => kind === 'daemon-start' || kind === 'daemon-end')?.kind === 'daemon-end';
  }

  /** Loads the events of previous daemons. */
  load(): void {
    const { events, isWhole, isBroken } = this.#readTail(this.#path);
    this.#brokenLine = isBroken;
    const older = isWhole && events.length < KEPT_EVENTS ? this.#readTail(this.#olderPath).events : [];
    this.#events = [...older, ...events].slice(-KEPT_EVENTS);
    this.#lastId = Math.max(0, ...this.#events.map(({ id }) => id));
  }

  add(added: NewEvent): LbEvent {
    const event: LbEvent = { id: ++this.#lastId, ...added };
    this.#events.push(event);
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    this.#unwritten.push(`${JSON.stringify(event)}\n`);
    if (this.#unwritten.length > MAX_UNWRITTEN) this.#unwritten.shift();
    // Events until this write starts are written with it.
    if (this.#unwritten.length === 1) void this.#inTurn(() => this.#write());
    for (const reader of this.#readers) reader(event);
    return event;
  }

  /** Calls the reader for each new event; returns a function that ends this. */
  follow(reader: (event: LbEvent) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /** Matching events, oldest first. */
  async query(query: EventQuery): Promise<readonly LbEvent[]> {
    const found = this.#events.filter((event) => matches(event, query));
    const oldest = this.#events[0]?.id ?? 0;
    const hasAll = query.since === null ? found.length >= query.limit : query.since >= oldest - 1;
    if (hasAll || oldest <= 1) return cut(found, query);
    const texts = await this.#inTurn(() => Promise.all([this.#olderPath, this.#path].map((path) => readFile(path, 'utf8').catch(() => ''))));
    const older = texts.flatMap(parseLines).filter((event) => event.id < oldest && matches(event, query));
    return cut([...older, ...found], query);
  }

  /** Like `query`, but only from memory. */
  recent(query: EventQuery): readonly LbEvent[] {
    return cut(
      this.#events.filter((event) => matches(event, query)),
      query,
    );
  }

  /** Resolves when all events are written. */
  async close(): Promise<void> {
    await this.#turn;
  }

  /** Serializes access to the files: a rotation during a read would lose or repeat events. `work` must not reject. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    // Releases the result, which may be 10 MB.
    this.#turn = done.then(() => {});
    return done;
  }

  async #write(): Promise<void> {
    const text = (this.#brokenLine ? '\n' : '') + this.#unwritten.splice(0).join('');
    this.#brokenLine = false;
    try {
      await this.#makeRoom(Buffer.byteLength(text));
      await appendFile(this.#path, text, { mode: 0o600 });
      this.#failing = false;
    } catch (error) {
      this.#brokenLine = true;
      this.#failed(error);
    }
  }

  #readTail(path: string): Tail {
    try {
      return readTail(path, this.#tailBytes);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#log(`cannot read ${path}: ${messageOf(error)}`);
      return { events: [], isWhole: true, isBroken: false };
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const size = await stat(this.#path).then(
      (stats) => stats.size,
      () => 0,
    );
    if (size > 0 && size + bytes > this.#maxFileBytes) await rename(this.#path, this.#olderPath);
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#log(`cannot write ${this.#path}: ${messageOf(error)}; events are kept only in memory until writing works again`);
    this.#failing = true;
  }
}

const matches = (event: LbEvent, { app, since }: EventQuery): boolean => event.id > (since ?? 0) && (app === null || event.app === app);

/** With `since`, the first ones: the caller continues after the last id it got, so no event is skipped. */
const cut = (events: readonly LbEvent[], { since, limit }: EventQuery): readonly LbEvent[] =>
  since === null ? events.slice(Math.max(0, events.length - limit)) : events.slice(0, limit);

/** Skips invalid lines, such as one truncated by a crash. */
function parseLines(text: string): LbEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      return parseEvent(JSON.parse(line)) ?? [];
    } catch {
      return [];
    }
  });
}

interface Tail {
  readonly events: LbEvent[];
  /** It is the complete file. */
  readonly isWhole: boolean;
  /** The last line is incomplete. */
  readonly isBroken: boolean;
}

/** Reads the end of a file: this many bytes, or more if they contain no complete event. */
function readTail(path: string, bytes: number): Tail {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    for (let length = bytes; ; length *= 2) {
      const from = Math.max(0, size - length);
      const buffer = Buffer.alloc(size - from);
      const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, from));
      const events = parseLines(from === 0 ? text : text.slice(text.indexOf('\n') + 1));
      if (from === 0 || events.length > 0) return { events, isWhole: from === 0, isBroken: text !== '' && !text.endsWith('\n') };
    }
  } finally {
    closeSync(fd);
  }
}
