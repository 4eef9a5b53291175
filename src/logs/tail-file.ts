import { open, type FileHandle } from 'node:fs/promises';
import { errnoOf } from '../errors/lb-error.ts';

const BLOCK_BYTES = 65536;
const NEWLINE = 0x0a;
/** Read at most this much, however long the lines are. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The last lines of a file, oldest first, without reading the rest; none if the file is missing. */
export async function tailFile(path: string, lines: number): Promise<string[]> {
  if (lines <= 0) return [];
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
  try {
    return linesOf(await readEnd(file, lines), lines);
  } finally {
    await file.close();
  }
}

/** Like `tailFile`, but continues in the newest rotated file if the current one has too few lines. */
export async function tailLog(path: string, lines: number): Promise<string[]> {
  const current = await tailFile(path, lines);
  return current.length >= lines ? current : [...(await tailFile(`${path}.1`, lines - current.length)), ...current];
}

/** Reads blocks from the end until they contain one newline more than the wanted lines, the one before the first. */
async function readEnd(file: FileHandle, lines: number): Promise<Buffer> {
  const blocks: Buffer[] = [];
  let position = (await file.stat()).size;
  let bytes = 0;
  let newlines = 0;
  while (position > 0 && newlines <= lines && bytes < MAX_BYTES) {
    const length = Math.min(BLOCK_BYTES, position);
    position -= length;
    const block = await readBlock(file, position, length);
    newlines += countNewlines(block);
    bytes += length;
    blocks.unshift(block);
  }
  return Buffer.concat(blocks);
}

/** Shorter than requested only if the file was truncated meanwhile. */
async function readBlock(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(block, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return block.subarray(0, filled);
}

function countNewlines(block: Buffer): number {
  let count = 0;
  for (let at = block.indexOf(NEWLINE); at !== -1; at = block.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

/** Decodes only whole lines, so that no character is cut. */
function linesOf(end: Buffer, lines: number): string[] {
  if (end.length === 0) return [];
  let stop = end[end.length - 1] === NEWLINE ? end.length - 1 : end.length;
  const found: string[] = [];
  while (found.length < lines && stop >= 0) {
    const before = stop === 0 ? -1 : end.lastIndexOf(NEWLINE, stop - 1);
    const text = end.toString('utf8', before + 1, stop);
    found.push(text.endsWith('\r') ? text.slice(0, -1) : text);
    stop = before;
  }
  return found.reverse();
}
