import { closeSync, createReadStream, createWriteStream, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRegular } from '../system/regular-file.ts';
import { pathOf, type LogPart } from './log-parts.ts';

const BLOCK_BYTES = 64 * 1024;
/** A larger file is decompressed to disk when it is read backwards. */
const MAX_IN_MEMORY_BYTES = 16 * 1024 * 1024;
/** Of the compressed file: text shrinks by a factor of 10, at the most by one of 1,000. */
const MAX_COMPRESSED_BYTES = 1024 * 1024;

/** The text of a part, readable at any place. */
export interface LogBytes {
  readonly size: number;
  /** Returns how many bytes were read; fewer than wanted if the file was truncated meanwhile. */
  read(into: Buffer, position: number): number;
  close(): void;
}

/** The text of a part for reading backwards. @throws Error if it cannot be decompressed */
export async function bytesOf(part: LogPart): Promise<LogBytes> {
  if (part.fd !== null) return fileBytes(part.fd, part.size);
  return part.size <= MAX_COMPRESSED_BYTES ? await decompressed(part) : await decompressedFile(part);
}

/** The text of a part from a place on, in blocks that the caller may keep. @throws Error if it cannot be decompressed */
export async function* chunksOf(part: LogPart, from: number): AsyncGenerator<Buffer> {
  if (part.fd === null) {
    let skip = from;
    for await (const chunk of await gunzip(part)) {
      if (skip < chunk.length) yield chunk.subarray(skip);
      skip = Math.max(0, skip - chunk.length);
    }
    return;
  }
  for (let position = from; position < part.size; ) {
    const block = readBlock(part.fd, position, Math.min(BLOCK_BYTES, part.size - position));
    if (block.length === 0) return;
    yield block;
    position += block.length;
  }
}

/** @returns an empty buffer at the end of the file */
export function readBlock(fd: number, position: number, length = BLOCK_BYTES): Buffer {
  const block = Buffer.allocUnsafe(length);
  return block.subarray(0, readFully(fd, block, position));
}

function readFully(fd: number, into: Buffer, position: number): number {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(fd, into, filled, into.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** @param close what the caller's `close` does */
export const fileBytes = (fd: number, size: number, close: () => void = () => {}): LogBytes => ({
  size,
  read: (into, position) => readFully(fd, into, position),
  close,
});

async function decompressed(part: LogPart): Promise<LogBytes> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of await gunzip(part)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_IN_MEMORY_BYTES) return await decompressedFile(part);
  }
  const all = Buffer.concat(chunks);
  return { size: all.length, read: (into, position) => all.copy(into, 0, position), close: () => {} };
}

/** The file has no name any more when this returns. */
async function decompressedFile(part: LogPart): Promise<LogBytes> {
  const directory = mkdtempSync(join(tmpdir(), 'lb-logs-'));
  try {
    const { pipeline } = await import('node:stream/promises');
    const file = join(directory, 'text');
    await pipeline(await gunzip(part), createWriteStream(file, { mode: 0o600 }));
    const fd = openSync(file, 'r');
    return fileBytes(fd, fstatSync(fd).size, () => closeSync(fd));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function gunzip(part: LogPart): Promise<AsyncIterable<Buffer> & NodeJS.ReadableStream> {
  const { createGunzip } = await import('node:zlib');
  const gunzipped = createGunzip();
  const path = pathOf(part);
  createReadStream(path, { fd: openRegular(path, part.owner) })
    .on('error', (error) => gunzipped.destroy(error))
    .pipe(gunzipped);
  return gunzipped;
}
