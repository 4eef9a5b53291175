import type { Piece } from './line-splitter.ts';

const NEWLINE = 0x0a;

/** What stands before each line that arrives at a time, in epoch milliseconds. */
export type Stamp = (at: number) => Buffer;

/** @param format of dayjs: `YYYY-MM-DD HH:mm:ss.SSS` */
export async function stampOf(format: string): Promise<Stamp> {
  const { default: dayjs } = await import('dayjs');
  let last = { at: Number.NaN, stamp: Buffer.alloc(0) };
  return (at) => {
    if (at !== last.at) last = { at, stamp: Buffer.from(`${dayjs(at).format(format)}: `) };
    return last.stamp;
  };
}

/** The piece with the stamp before each line that begins in it. */
export function stamped({ bytes, continues }: Piece, stamp: Buffer): Piece {
  const parts: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, start) + 1 || bytes.length;
    if (start > 0 || !continues) parts.push(stamp);
    parts.push(bytes.subarray(start, end));
    start = end;
  }
  return { bytes: Buffer.concat(parts), continues };
}
