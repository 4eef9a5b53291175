import { constants, type Stats } from 'node:fs';
import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../errors/lb-error.ts';
import { giveTo, type FileOwner } from './file-owner.ts';
import { placeOf, type FilePlace } from './file-place.ts';
import type { LogTarget } from './log-target.ts';

const DEVICE_CHECK_MS = 1000;
const NEWLINE = 0x0a;
/** Non-blocking, because opening or writing a named pipe would block a thread of the pool. Windows lacks the flag. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | (constants.O_NONBLOCK ?? 0);

/** A file, named pipe or device opened for appending. */
export class OpenLog implements LogTarget {
  readonly lostBytes = 0;
  readonly path: string;
  readonly isRegular: boolean;
  /** Mode and owner, for the file that comes after it. */
  owner: FileOwner;
  size: number;
  atLineStart = true;
  readonly #given: string;
  readonly #file: FileHandle;
  readonly #stats: Stats;
  #checkedAt = performance.now();

  private constructor(given: string, place: FilePlace, file: FileHandle, stats: Stats) {
    this.#given = given;
    this.#file = file;
    this.#stats = stats;
    this.path = place.path;
    this.isRegular = stats.isFile() && !place.isOfTheSystem;
    this.size = stats.size;
    this.owner = stats;
  }

  /** @param before whose mode and owner a new file gets */
  static async open(path: string, before: FileOwner | null): Promise<OpenLog> {
    const place = await placeOf(path);
    const file = await openOrCreate(place.path, before);
    try {
      const log = new OpenLog(path, place, file, await file.stat());
      if (log.isRegular) await log.#readLastByte();
      return log;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get inode(): number {
    return this.#stats.ino;
  }

  async append(blocks: readonly Buffer[]): Promise<number> {
    try {
      const { bytesWritten } = await this.#file.writev(blocks);
      if (bytesWritten === 0) throw new Error('no byte could be written');
      this.atLineStart = byteAt(blocks, bytesWritten - 1) === NEWLINE;
      this.size += bytesWritten;
      return bytesWritten;
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return 0;
      throw error;
    }
  }

  async isInPlace(): Promise<boolean> {
    if (!this.isRegular && !this.#isDue()) return true;
    const stats = await stat(this.#given).catch((error: unknown) => (isGone(error) ? null : this.#stats));
    if (stats === this.#stats) return true;
    if (stats === null || stats.ino !== this.#stats.ino || stats.dev !== this.#stats.dev) return false;
    this.owner = stats;
    if (this.isRegular && stats.size !== this.size) {
      // Truncated in place by logrotate's copytruncate, or somebody else writes to it too.
      this.size = stats.size;
      await this.#readLastByte();
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #isDue(): boolean {
    const at = performance.now();
    if (at - this.#checkedAt < DEVICE_CHECK_MS) return false;
    this.#checkedAt = at;
    return true;
  }

  /** A file that was left within a line, or that somebody else writes to, may end without a newline. */
  async #readLastByte(): Promise<void> {
    this.atLineStart = this.size === 0 || (await lastByteOf(this.path, this.size)) === NEWLINE;
  }
}

/** The mode of a file that exists is left alone. */
async function openOrCreate(path: string, before: FileOwner | null): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return await open(path, FLAGS);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  const file = await open(path, FLAGS | constants.O_CREAT | constants.O_EXCL, 0o600).catch((error: unknown) => {
    if (errnoOf(error) === 'EEXIST') return null;
    throw error;
  });
  // Somebody else created it meanwhile.
  if (file === null) return open(path, FLAGS);
  if (before !== null) await giveTo(file, before).catch(() => {});
  return file;
}

/** A newline if it cannot be read. */
async function lastByteOf(path: string, size: number): Promise<number> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => null);
  if (file === null) return NEWLINE;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    return bytesRead === 0 ? NEWLINE : (buffer[0] ?? NEWLINE);
  } catch {
    return NEWLINE;
  } finally {
    await file.close();
  }
}

function byteAt(blocks: readonly Buffer[], index: number): number | undefined {
  let start = 0;
  for (const block of blocks) {
    if (index < start + block.length) return block[index - start];
    start += block.length;
  }
  return undefined;
}

const isGone = (error: unknown): boolean => errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR';
