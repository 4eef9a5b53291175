import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { appendFile, readFile, rename, stat } from 'node:fs/promises';
import { errnoOf, messageOf } from '../errors/lb-error.ts';
import { parseEvent, type LbEvent, type NewEvent } from '../protocol/event.ts';

/** Two files of at most this size are kept. */
const MAX_FILE_BYTES = 5 * 1024 * 1024;
/** Events in memory; the older ones are read from the files when somebody asks for them. */
const KEPT_EVENTS = 500;
/** Read back at the start; events have some 300 bytes each. */
const TAIL_BYTES = 256 * 1024;
/** Lines that wait for a disk that does not keep up; the newest. */
const MAX_UNWRITTEN = 10_000;

interface EventLogOptions {
  /** `events.ndjson`; the older file has `.1` before the extension. */
  readonly path: string;
  readonly log: (message: string) => void;
  /** Default 5 MB. */
  readonly maxFileBytes?: number;
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
  readonly #readers = new Set<(event: LbEvent) => void>();
  #events: LbEvent[] = [];
  #lastId = 0;
  #unwritten: string[] = [];
  #writing: Promise<void> | null = null;
  /** A line that an earlier daemon did not finish stands before the next one. */
  #brokenLine = false;
  #failing = false;

  constructor({ path, log, maxFileBytes = MAX_FILE_BYTES }: EventLogOptions) {
    this.#path = path;
    this.#olderPath = path.replace(/(\.\w+)?$/, '.1$1');
    this.#log = log;
    this.#maxFileBytes = maxFileBytes;
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
    const tail = this.#readTail(this.#path);
    this.#brokenLine = tail !== '' && !tail.endsWith('\n');
    const events = parseLines(tail);
    const older = events.length < KEPT_EVENTS ? parseLines(this.#readTail(this.#olderPath)) : [];
    this.#events = [...older, ...events].slice(-KEPT_EVENTS);
    this.#lastId = Math.max(0, ...this.#events.map(({ id }) => id));
  }

  add(added: NewEvent): LbEvent {
    const event: LbEvent = { id: ++this.#lastId, ...added };
    this.#events.push(event);
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    this.#unwritten.push(`${JSON.stringify(event)}\n`);
    if (this.#unwritten.length > MAX_UNWRITTEN) this.#unwritten.shift();
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
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
    const texts = await Promise.all([this.#olderPath, this.#path].map((path) => readFile(path, 'utf8').catch(() => '')));
    const older = texts.flatMap(parseLines).filter((event) => event.id < oldest && matches(event, query));
    return cut([...older, ...found], query);
  }

  /** The same from memory alone. */
  recent(query: EventQuery): readonly LbEvent[] {
    return cut(this.#events.filter((event) => matches(event, query)), query);
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    // What happens in the same turn is written together.
    await Promise.resolve();
    while (this.#unwritten.length > 0) {
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
  }

  #readTail(path: string): string {
    try {
      return readTail(path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#log(`cannot read ${path}: ${messageOf(error)}`);
      return '';
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const size = await stat(this.#path).then((stats) => stats.size, () => 0);
    if (size > 0 && size + bytes > this.#maxFileBytes) await rename(this.#path, this.#olderPath);
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#log(`cannot write ${this.#path}: ${messageOf(error)}; events are kept in memory alone until it works again`);
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

/** The end of a file, from the beginning of a line. */
function readTail(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const from = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - from);
    const read = readSync(fd, buffer, 0, buffer.length, from);
    const text = buffer.toString('utf8', 0, read);
    return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    closeSync(fd);
  }
}
