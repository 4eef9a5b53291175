import { join } from 'node:path';
import type { LogStream } from '../protocol/control.ts';
import { shortHash } from '../system/short-hash.ts';

/**
 * A log file contains nothing but what the workers wrote. When each line arrived, and from which worker, is noted beside it, in
 * a file of marks: a header, then records of fixed size in the order of the log. A mark holds until the next one.
 */
export interface LineMark {
  /** Where the line begins in the log file. */
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Null where several workers wrote within a moment. */
  readonly slot: number | null;
  readonly pid: number | null;
  readonly stream: LogStream | null;
}

export const MARK_BYTES = 20;
const MAGIC = 0x6c_62_6d_31;
const NO_SLOT = 0xffff;
const STREAMS: readonly LogStream[] = ['out', 'err'];

/** Where the marks of a log file are. They are rotated together with it: `<file>`, `<file>.1` and so on. */
export const marksPath = (directory: string, log: string): string => join(directory, shortHash(log));

/** @param inode of the log file, which tells its marks from those of the file before it */
export function encodeHeader(inode: number): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeDoubleBE(inode, 4);
  return bytes;
}

/** The inode of the log file; null if these are no marks. */
export function decodeHeader(bytes: Buffer): number | null {
  return bytes.length >= MARK_BYTES && bytes.readUInt32BE(0) === MAGIC ? bytes.readDoubleBE(4) : null;
}

export function encodeMark({ offset, at, slot, pid, stream }: LineMark): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES);
  bytes.writeUIntBE(offset, 0, 6);
  bytes.writeUIntBE(Math.max(0, Math.floor(at)), 6, 6);
  bytes.writeUInt32BE(pid ?? 0, 12);
  bytes.writeUInt16BE(slot ?? NO_SLOT, 16);
  bytes.writeUInt8(stream === null ? STREAMS.length : STREAMS.indexOf(stream), 18);
  return bytes;
}

/** @param index of the mark among the bytes */
export function decodeMark(bytes: Buffer, index: number): LineMark {
  const from = index * MARK_BYTES;
  const slot = bytes.readUInt16BE(from + 16);
  const pid = bytes.readUInt32BE(from + 12);
  return {
    offset: bytes.readUIntBE(from, 6),
    at: bytes.readUIntBE(from + 6, 6),
    slot: slot === NO_SLOT ? null : slot,
    pid: pid === 0 ? null : pid,
    stream: STREAMS[bytes.readUInt8(from + 18)] ?? null,
  };
}
