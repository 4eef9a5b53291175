const NEWLINE = 0x0a;
/** A line that goes this far past the limit is cut. */
const LONGEST_LINE_BYTES = 1024 * 1024;

/** What to do with the next waiting bytes: write that many, or rotate first. */
export type NextWrite = { readonly write: number } | 'rotate';

/**
 * Fills a file up to its limit with whole lines, and rotates between two lines; a line longer than a file has one to itself.
 * @param size what the file holds.
 * @param atLineStart whether it is empty or ends with a newline.
 */
export function nextWrite(waiting: Buffer, size: number, atLineStart: boolean, maxBytes: number): NextWrite {
  const room = maxBytes - size;
  if (waiting.length <= room) return { write: waiting.length };
  const fitting = room > 0 ? waiting.lastIndexOf(NEWLINE, room - 1) + 1 : 0;
  if (fitting > 0) return { write: fitting };
  if (size > 0 && (atLineStart || size >= maxBytes + LONGEST_LINE_BYTES)) return 'rotate';
  const line = waiting.indexOf(NEWLINE) + 1;
  return { write: line > 0 ? line : waiting.length };
}
