import type { LogLine } from '../protocol/control.ts';
import { isOpen, type Piece } from './line-splitter.ts';

/** Which pipe of which worker. */
export type Origin = Pick<LogLine, 'app' | 'slot' | 'pid' | 'stream'>;

/** The lines of a piece of output, for clients. */
export function linesOf(piece: Piece, origin: Origin, at: number): LogLine[] {
  const { app, slot, pid, stream } = origin;
  const texts = textsOf(piece);
  const goesOn = isOpen(piece);
  return texts.map((text, index) => ({
    app,
    slot,
    pid,
    stream,
    at,
    text,
    ...(piece.continues && index === 0 ? { continues: true as const } : {}),
    ...(goesOn && index === texts.length - 1 ? { open: true as const } : {}),
  }));
}

/** @param last at most this many, the last ones */
export function textsOf(piece: Piece, last = Number.POSITIVE_INFINITY): string[] {
  const texts = piece.bytes.toString('utf8').split('\n');
  if (!isOpen(piece)) texts.pop();
  const wanted = texts.length > last ? texts.slice(-last) : texts;
  return wanted.map((text) => (text.endsWith('\r') ? text.slice(0, -1) : text));
}

/**
 * The lines of a piece as JSON objects, one a line, with the keys of PM2's `log_type: 'json'`. A message ends with a newline, unless
 * its line goes on in the next message of the same worker.
 */
export function jsonOf(piece: Piece, { app, slot, stream }: Origin, at: number): Buffer {
  const timestamp = new Date(at).toISOString();
  const messages = piece.bytes.toString('utf8').split(/(?<=\n)/);
  return Buffer.from(messages.map((message) => `${JSON.stringify({ message, timestamp, type: stream, process_id: slot, app_name: app })}\n`).join(''));
}
