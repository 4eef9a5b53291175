import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { appendFile, readFile, rename, stat } from 'node:fs/promises';
import { errnoOf, messageOf } from '../errors/lb-error.ts';
import type { LbEvent, NewEvent } from '../protocol/event.ts';
import { parseEvent } from '../protocol/parse-event.ts';

/** Two files of at most this size are kept. */
const MAX_FILE_BYTES = 5 * 1024 * 1024;
/** Events in memory; the older ones are read from the files when somebody asks for them. */
const KEPT_EVENTS = 500;
/** Read back of a file at the start; events have some 300 bytes each. */
const TAIL_BYTES = 256 * 1024;
/** Lines that wait for a disk that does not keep up; the newest. */
const MAX_UNWRITTEN = 10_000;

interface EventLogOptions {
  /** `events.ndjson`; the older file has `.1` before the extension. */
  readonly path: string;
  readonly log: (message: string) => void;
  /** Default 5 MB. */
  readonly maxFileBytes?: number;
  /** Read back of a file at the start; default 256 KB. */
  readonly tailBytes?: number;
}

export interface EventQuery {
  readonly app: string | null;
  /** Only events after the one with this id, from the oldest of them on; null is the newest there are. */
  readonly since: number | null;
  readonly limit: number;
}

/** What happened in a home, over all its daemons: numbered, the newest in memory, all of it in two bounded files. */
export class EventLog {
  readonly #path: string;
  readonly #olderPath: string;
  readonly #log: (message: string) => void;
  readonly #maxFileBytes: number;
  readonly #tailBytes: number;
  readonly #readers = new Set<(event: LbEvent) => void>();
  /** The newest, without a gap: all that is older is in the files. */
  #events: LbEvent[] = [];
  #lastId = 0;
  #unwritten: string[] = [];
  /** The last of what reads or writes the files. */
  #turn: Promise<void> = Promise.resolve();
  /** A line that an earlier daemon did not finish stands before the next one. */
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

  /** Whether the daemon before this one said goodbye; what its hooks could not deliver is told after that. */
  get endedWell(): boolean {
    return this.#events.findLast(({ kind }) => kind === 'daemon-start' || kind === 'daemon-end')?.kind === 'daemon-end';
  }

  /** What was kept by the daemons before this one. */
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
    // What happens until its turn is written with it.
    if (this.#unwritten.length === 1) void this.#inTurn(() => this.#write());
    for (const reader of this.#readers) reader(event);
    return event;
  }

  /** Calls the reader for each event from now on; the result ends that. */
  follow(reader: (event: LbEvent) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /** The events that match, the oldest first. */
  async query(query: EventQuery): Promise<readonly LbEvent[]> {
    const found = this.#events.filter((event) => matches(event, query));
    const oldest = this.#events[0]?.id ?? 0;
    const hasAll = query.since === null ? found.length >= query.limit : query.since >= oldest - 1;
    if (hasAll || oldest <= 1) return cut(found, query);
    const texts = await this.#inTurn(() => Promise.all([this.#olderPath, this.#path].map((path) => readFile(path, 'utf8').catch(() => ''))));
    const older = texts.flatMap(parseLines).filter((event) => event.id < oldest && matches(event, query));
    return cut([...older, ...found], query);
  }

  /** The same from memory alone. */
  recent(query: EventQuery): readonly LbEvent[] {
    return cut(
      this.#events.filter((event) => matches(event, query)),
      query,
    );
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    await this.#turn;
  }

  /** One after the other, in order: a rotation during a read would lose events or repeat them. The work does not reject. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    // Without what was read, which may be 10 MB.
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

/** Whoever asks for what came after an event goes on with the last one of the answer: nothing in between is left out. */
const cut = (events: readonly LbEvent[], { since, limit }: EventQuery): readonly LbEvent[] =>
  since === null ? events.slice(Math.max(0, events.length - limit)) : events.slice(0, limit);

/** Lines that are no events, such as one that was cut off by the end of a daemon, are left out. */
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
  /** It is all of the file. */
  readonly isWhole: boolean;
  /** The last line has no end. */
  readonly isBroken: boolean;
}

/** The end of a file: so many bytes, or more where that is not one event. */
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
