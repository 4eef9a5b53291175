import type { LinePosition, LineSource, PlacedLine, StoredLine } from './stored-line.ts';

const BATCH_LINES = 500;

/** Where to begin reading a source. */
export interface Start {
  readonly source: LineSource;
  readonly position: LinePosition;
  readonly order: number;
}

export interface LastQuery {
  readonly lines: number;
  readonly wanted: (line: StoredLine) => boolean;
  /** Older lines are not looked at. */
  readonly since: number;
}

/**
 * Where the last wanted lines of all sources together begin. Only positions are kept, so that it takes no more memory for a
 * million lines than for one.
 */
export async function startOfLast(sources: readonly LineSource[], { lines, wanted, since }: LastQuery): Promise<Start[]> {
  const starts = new Map<LineSource, Start>();
  const heads = await Promise.all(
    sources.map(async (source) => {
      const iterator = source.backwards()[Symbol.asyncIterator]();
      return { source, iterator, head: await next(iterator, since) };
    }),
  );
  for (let found = 0; found < lines; ) {
    let newest: (typeof heads)[number] | null = null;
    // Of two with the same time, the later source is the later one, as in `mergedLines`.
    for (const each of heads) if (each.head !== null && each.head.line.order >= (newest?.head?.line.order ?? -Infinity)) newest = each;
    if (newest === null || newest.head === null) break;
    const { line, position } = newest.head;
    starts.set(newest.source, { source: newest.source, position, order: line.order });
    if (wanted(line)) found++;
    newest.head = await next(newest.iterator, since);
  }
  for (const { iterator } of heads) await iterator.return?.();
  return sources.flatMap((source) => starts.get(source) ?? []);
}

async function next(iterator: AsyncIterator<PlacedLine>, since: number): Promise<PlacedLine | null> {
  const result = await iterator.next();
  return result.done === true || result.value.line.order < since ? null : result.value;
}

interface Cursor {
  readonly iterator: AsyncIterator<readonly StoredLine[]>;
  batch: readonly StoredLine[];
  at: number;
}

/** All lines from these starts on, by time, in batches. */
export async function* mergedLines(starts: readonly Start[]): AsyncGenerator<readonly StoredLine[]> {
  const [only] = starts;
  if (only !== undefined && starts.length === 1) {
    yield* only.source.forwards(only.position, only.order);
    return;
  }
  let cursors: Cursor[] = starts.map(({ source, position, order }) => ({
    iterator: source.forwards(position, order)[Symbol.asyncIterator](),
    batch: [],
    at: 0,
  }));
  let merged: StoredLine[] = [];
  while (cursors.length > 0) {
    for (const cursor of cursors) if (cursor.at === cursor.batch.length) await fill(cursor);
    cursors = cursors.filter((cursor) => cursor.at < cursor.batch.length);
    takeWhileAllHave(cursors, merged);
    if (merged.length < BATCH_LINES) continue;
    yield merged;
    merged = [];
  }
  yield merged;
}

/** Loads the next batch that is not empty; at the end it stays empty. */
async function fill(cursor: Cursor): Promise<void> {
  cursor.batch = [];
  cursor.at = 0;
  while (cursor.batch.length === 0) {
    const result = await cursor.iterator.next();
    if (result.done === true) return;
    cursor.batch = result.value;
  }
}

/** Takes the oldest lines until the batch of one cursor is empty. */
function takeWhileAllHave(cursors: readonly Cursor[], merged: StoredLine[]): void {
  for (;;) {
    let oldest: Cursor | null = null;
    let order = Infinity;
    for (const cursor of cursors) {
      const line = cursor.batch[cursor.at];
      if (line === undefined) return;
      if (oldest !== null && line.order >= order) continue;
      oldest = cursor;
      order = line.order;
    }
    const line = oldest?.batch[oldest.at];
    if (oldest === null || line === undefined) return;
    merged.push(line);
    oldest.at++;
  }
}
