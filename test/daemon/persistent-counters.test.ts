import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { PersistentCounters } from '../../src/daemon/persistent-counters.ts';
import { Unwritten } from '../../src/daemon/unwritten.ts';
import { NO_TOTALS } from '../../src/metrics/totals.ts';
import { tempHome } from './temp-home.ts';

const logged: string[] = [];
const bookAt = (path: string): PersistentCounters => {
  const book = new PersistentCounters(path, new Unwritten((message) => logged.push(message)));
  book.load();
  return book;
};
const ejected = (primaryPid: number, ejections: number, name = 'api') => ({ name, primaryPid, startedAt: 5, totals: { ...NO_TOTALS, ejections } });

it('goes on from what another daemon saved, with the same primary and with another', async () => {
  const path = join(tempHome(), 'totals.json');
  const first = bookAt(path);
  first.counted(ejected(1, 2));
  expect(first.counted(ejected(1, 3)).ejections).toBe(3);
  await first.save();
  expect(bookAt(path).of('api').ejections).toBe(3);
  expect(bookAt(path).counted(ejected(1, 4)).ejections).toBe(4);
  const another = bookAt(path);
  expect(another.counted(ejected(2, 1)).ejections).toBe(4);
  expect(another.of('other')).toEqual(NO_TOTALS);
  // Another primary is written down at once: not while the directory is being removed.
  await another.save();
});

it('writes only what changed, and at once when a primary is another one', async () => {
  const path = join(tempHome(), 'totals.json');
  const book = bookAt(path);
  book.counted(ejected(1, 2));
  await book.save();
  writeFileSync(path, 'untouched');
  await book.save();
  expect(readFileSync(path, 'utf8')).toBe('untouched');
  book.counted(ejected(2, 1));
  await book.save();
  expect(bookAt(path).of('api').ejections).toBe(3);
});

it('forgets an app that is deleted', async () => {
  const path = join(tempHome(), 'totals.json');
  const book = bookAt(path);
  book.counted(ejected(1, 2));
  book.counted(ejected(1, 5, 'web'));
  book.forget('api');
  await book.save();
  expect([bookAt(path).of('api').ejections, bookAt(path).of('web').ejections]).toEqual([0, 5]);
});

it('begins at zero with a file that makes no sense, and says so', () => {
  const path = join(tempHome(), 'totals.json');
  writeFileSync(path, '{"apps":');
  expect(bookAt(path).of('api')).toEqual(NO_TOTALS);
  expect(logged.at(-1)).toContain('totals.json cannot be read');
});

it('sets a file of a newer version aside, and does not overwrite it', async () => {
  const path = join(tempHome(), 'totals.json');
  const text = JSON.stringify({ version: 99, apps: {} });
  writeFileSync(path, text);
  const book = bookAt(path);
  book.counted(ejected(1, 2));
  await book.save();
  const aside = / kept as (\S+),/.exec(logged.at(-1) ?? '')?.[1] ?? '';
  expect(logged.at(-1)).toContain('it has version 99');
  expect(readFileSync(aside, 'utf8')).toBe(text);
  expect(bookAt(path).of('api').ejections).toBe(2);
});

it('counts all the same when the disk does not take it, and writes it later', async () => {
  const home = tempHome();
  const path = join(home, 'missing', 'totals.json');
  const unwritten = new Unwritten(() => {});
  const book = new PersistentCounters(path, unwritten);
  book.counted(ejected(1, 2));
  await book.save();
  await book.save();
  expect([book.of('api').ejections, unwritten.messages]).toEqual([2, [expect.stringMatching(/totals\.json cannot be written \(ENOENT/)]]);
  mkdirSync(join(home, 'missing'));
  unwritten.tryAgain();
  await vi.waitFor(() => expect(unwritten.any).toBe(false));
  expect(bookAt(path).of('api').ejections).toBe(2);
});
