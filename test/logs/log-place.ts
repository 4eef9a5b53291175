import type { LineSource, LogPlace, StoredLine } from '../../src/logs/stored-line.ts';
import { mergedLines, startOfLast } from '../../src/logs/merge-lines.ts';

export const placeAt = (path: string, more: Partial<LogPlace> = {}): LogPlace => ({
  app: 'a',
  path,
  slot: null,
  stream: 'out',
  marks: `${path}-marks`,
  ...more,
});

/** The last lines of some sources, as `lb logs --lines` reads them. */
export async function last(sources: readonly LineSource[], lines: number, wanted: (line: StoredLine) => boolean = () => true): Promise<StoredLine[]> {
  const found: StoredLine[] = [];
  for await (const batch of mergedLines(await startOfLast(sources, { lines, wanted, since: -Infinity }))) found.push(...batch.filter(wanted));
  return found;
}

export async function all(source: LineSource): Promise<StoredLine[]> {
  const found: StoredLine[] = [];
  for await (const batch of source.forwards({ part: 0, offset: 0 }, -Infinity)) found.push(...batch);
  return found;
}
