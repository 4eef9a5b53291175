import { createReadStream } from 'node:fs';
import { open, rename, rm, stat, utimes } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errnoOf } from '../errors/lb-error.ts';
import { giveTo, type FileOwner } from './file-owner.ts';

/** The newest rotated file is not compressed, so that reading the last lines needs no gunzip. */
const FIRST_GZIPPED = 2;

/**
 * Renames `path` to `path.1` and each rotated file to the next number, and removes files beyond `keep`. If interrupted, no
 * lines are lost: the next rotation finds all files.
 */
export async function shiftFiles(path: string, keep: number): Promise<void> {
  // There can be several if `keep` was larger before.
  for (let number = Math.max(1, keep); await removed(`${path}.${number}`); number++);
  if (keep < 1) return rm(path, { force: true });
  for (let number = keep - 1; number >= 1; number--) {
    for (const suffix of ['', '.gz']) await renameIfThere(`${path}.${number}${suffix}`, `${path}.${number + 1}${suffix}`);
  }
  await renameIfThere(path, `${path}.1`);
}

/** Removes all rotated files. */
export async function removeRotated(path: string): Promise<void> {
  for (let number = 1; await removed(`${path}.${number}`); number++);
}

/** Compresses the files that need it, including those of an interrupted run. */
export async function compressFiles(path: string, keep: number): Promise<void> {
  for (let number = keep; number >= FIRST_GZIPPED; number--) {
    if (await exists(`${path}.${number}`)) await compress(`${path}.${number}`);
  }
}

/**
 * Removes the original only when the compressed file is complete; that one has its mode and owner, and the time of the last
 * write, by which readers know how old its lines are.
 */
async function compress(path: string): Promise<void> {
  const { createGzip } = await import('node:zlib');
  const partial = `${path}.gz.tmp`;
  try {
    const stats = await stat(path);
    const target = await createLike(partial, stats);
    await pipeline(createReadStream(path), createGzip(), target);
    await utimes(partial, stats.atimeMs / 1000, stats.mtimeMs / 1000);
    await rename(partial, `${path}.gz`);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw error;
  }
  await rm(path, { force: true });
}

async function createLike(path: string, owner: FileOwner): Promise<Writable> {
  const file = await open(path, 'w', 0o600);
  await giveTo(file, owner).catch(() => {});
  return file.createWriteStream();
}

/** Removes a rotated file, compressed or not; false if there is none. */
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
