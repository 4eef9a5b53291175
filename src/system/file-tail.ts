import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const TAIL_LINES = 20;
const TAIL_BYTES = 16 * 1024;

/** Zero if there is none. */
export function sizeOf(file: string): number {
  try {
    const fd = openSync(file, 'r');
    try {
      return fstatSync(fd).size;
    } finally {
      closeSync(fd);
    }
  } catch {
    return 0;
  }
}

/** The last lines written to a file since it had this size. */
export function tailOf(file: string, from: number): string[] {
  try {
    const fd = openSync(file, 'r');
    try {
      const { size } = fstatSync(fd);
      const start = Math.max(from > size ? 0 : from, size - TAIL_BYTES);
      const buffer = Buffer.alloc(size - start);
      const bytes = readSync(fd, buffer, 0, buffer.length, start);
      const lines = buffer.toString('utf8', 0, bytes).split('\n');
      return lines.filter((line) => line !== '').slice(-TAIL_LINES);
    } finally {
      closeSync(fd);
    }
  } catch {
    return [];
  }
}
