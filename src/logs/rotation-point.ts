const NEWLINE = 0x0a;
/** A line is cut this far beyond the limit. */
const LONGEST_LINE_BYTES = 1024 * 1024;

/**
 * How many of the waiting bytes to write next, or whether to rotate first. Files are filled with whole lines up to their limit;
 * a line longer than a file gets its own.
 * @param size current size of the file
 * @param atLineStart whether it is empty or ends with a newline
 */
export function nextWrite(waiting: Buffer, size: number, atLineStart: boolean, maxBytes: number): number | 'rotate' {
  const room = maxBytes - size;
  if (waiting.length <= room) return waiting.length;
  const fitting = room > 0 ? waiting.lastIndexOf(NEWLINE, room - 1) + 1 : 0;
  if (fitting > 0) return fitting;
  if (size > 0 && (atLineStart || size >= maxBytes + LONGEST_LINE_BYTES)) return 'rotate';
  const line = waiting.indexOf(NEWLINE) + 1;
  return line > 0 ? line : waiting.length;
}
