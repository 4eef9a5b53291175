import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { errnoOf } from '../errors/lb-error.ts';

/** The newest rotated file stays plain, so that `tail` and a reader of the last lines need no gunzip. */
const FIRST_GZIPPED = 2;

/**
 * Moves `path` to `path.1` and every older file one further; what would become number `keep` + 1 is removed. Any
 * interruption leaves all lines in files that the next rotation finds.
 */
export async function shiftFiles(path: string, keep: number): Promise<void> {
  // Beyond `keep` there are some when it was larger before.
  for (let number = Math.max(1, keep); await removed(`${path}.${number}`); number++);
  if (keep < 1) return rm(path, { force: true });
  for (let number = keep - 1; number >= 1; number--) {
    for (const suffix of ['', '.gz']) await renameIfThere(`${path}.${number}${suffix}`, `${path}.${number + 1}${suffix}`);
  }
  await renameIfThere(path, `${path}.1`);
}

/** Gzips what `shiftFiles` has moved out of the first place, now or in a run that was cut short. */
export async function compressFiles(path: string, keep: number): Promise<void> {
  for (let number = keep; number >= FIRST_GZIPPED; number--) {
    if (await exists(`${path}.${number}`)) await compress(`${path}.${number}`);
  }
}

/** The plain file goes only after the whole gzipped one is in place. */
async function compress(path: string): Promise<void> {
  const { createGzip } = await import('node:zlib');
  const partial = `${path}.gz.tmp`;
  try {
    await pipeline(createReadStream(path), createGzip(), createWriteStream(partial, { mode: 0o600 }));
    await rename(partial, `${path}.gz`);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw error;
  }
  await rm(path, { force: true });
}

/** Removes a rotated file in either form; false when there is none. */
async function removed(path: string): Promise<boolean> {
  let found = false;
  for (const file of [path, `${path}.gz`]) {
    if (!(await exists(file))) continue;
    await rm(file, { force: true });
    found = true;
  }
  return found;
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
