import { closeSync, fstatSync, readSync } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { errnoOf, messageOf } from '../errors/lb-error.ts';
import type { LbEvent, NewEvent } from '../protocol/event.ts';
import { parseEvent } from '../protocol/parse-event.ts';
import { now } from '../system/clock.ts';
import { withDeadline } from '../system/deadline.ts';
import { appendToGuarded, openGuarded } from '../system/open-guarded.ts';
import { openRegularFile } from '../system/regular-file.ts';
import type { FileReports } from './unwritten.ts';

/** Maximum size of each of the two files. */
const MAX_FILE_BYTES = 5 * 1024 * 1024;
/** Number of events in memory; older ones are read from the files on request. */
const KEPT_EVENTS = 500;
/** How much of a file to load at the start; an event has about 300 bytes. */
const TAIL_BYTES = 256 * 1024;
/** Maximum number of lines waiting for a slow disk; older ones are dropped. */
const MAX_UNWRITTEN = 10_000;
/** After a failure, events wait at least this long for the next attempt. */
const RETRY_MS = 1_000;
/** A disk that does not answer keeps nobody from ending. */
const CLOSE_MS = 2_000;

interface EventLogOptions {
  /** `events.ndjson`; the older file has `.1` before the extension. */
  readonly path: string;
  readonly log: (message: string) => void;
  readonly reports: Pick<FileReports, 'failed' | 'wrote'>;
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
  readonly #reports: EventLogOptions['reports'];
  readonly #maxFileBytes: number;
  readonly #tailBytes: number;
  readonly #readers = new Set<(event: LbEvent) => void>();
  /** The newest events without a gap; the files have all older ones. */
  #events: LbEvent[] = [];
  #lastId = 0;
  #unwritten: string[] = [];
  /** A write is in the queue, and takes what is unwritten when it starts. */
  #isDue = false;
  #retryAt = 0;
  /** The last access to the files in the queue. */
  #turn: Promise<void> = Promise.resolve();
  /** The file ends with an incomplete line, so the next write must begin with a newline. */
  #brokenLine = false;

  constructor({ path, log, reports, maxFileBytes = MAX_FILE_BYTES, tailBytes = TAIL_BYTES }: EventLogOptions) {
    this.#path = path;
    this.#olderPath = path.replace(/(\.\w+)?$/, '.1$1');
    this.#log = log;
    this.#reports = reports;
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
    if (now() >= this.#retryAt) this.#writeSoon();
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
    const texts = await this.#inTurn(() => Promise.all([this.#olderPath, this.#path].map((path) => textOf(path).catch(() => ''))));
    const older = [...texts, this.#unwritten.join('')].flatMap(parseLines).filter((event) => event.id < oldest && matches(event, query));
    return cut([...once(older), ...found], query);
  }

  /** Like `query`, but only from memory. */
  recent(query: EventQuery): readonly LbEvent[] {
    return cut(
      this.#events.filter((event) => matches(event, query)),
      query,
    );
  }

  /** Resolves when all events are written, or cannot be written now. */
  async close(): Promise<void> {
    if (this.#unwritten.length > 0) this.#writeSoon();
    await withDeadline(this.#turn, CLOSE_MS);
  }

  #writeSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    void this.#inTurn(() => this.#write());
  }

  /** Serializes access to the files: a rotation during a read would lose or repeat events. `work` must not reject. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    // Releases the result, which may be 10 MB.
    this.#turn = done.then(() => {});
    return done;
  }

  /** Lines that cannot be written wait for the next attempt. A part of them may be in the file by then: readers skip a line that comes twice. */
  async #write(): Promise<void> {
    this.#isDue = false;
    const lines = this.#unwritten.splice(0);
    const text = (this.#brokenLine ? '\n' : '') + lines.join('');
    try {
      await this.#makeRoom(Buffer.byteLength(text));
      await appendToGuarded(this.#path, text);
      this.#brokenLine = false;
      this.#reports.wrote(this.#path);
    } catch (error) {
      this.#brokenLine = true;
      this.#retryAt = now() + RETRY_MS;
      this.#unwritten = [...lines, ...this.#unwritten].slice(-MAX_UNWRITTEN);
      this.#reports.failed(this.#path, error, 'events wait in memory until it can', () => this.#writeSoon());
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
}

/** Without those that were written twice. */
const once = (events: readonly LbEvent[]): LbEvent[] => [...new Map(events.map((event) => [`${event.id} ${event.at}`, event])).values()];

async function textOf(path: string): Promise<string> {
  const file = await openRegularFile(path);
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
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
  const fd = openGuarded(path);
  try {
    const { size } = fstatSync(fd);
    for (let length = bytes; ; length *= 2) {
      const from = Math.max(0, size - length);
      const buffer = Buffer.alloc(size - from);
      const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, from));
      const events = once(parseLines(from === 0 ? text : text.slice(text.indexOf('\n') + 1)));
      if (from === 0 || events.length > 0) return { events, isWhole: from === 0, isBroken: text !== '' && !text.endsWith('\n') };
    }
  } finally {
    closeSync(fd);
  }
}
