const NEWLINE = 0x0a;
/** A line that goes this far past the limit is cut. */
const LONGEST_LINE_BYTES = 1024 * 1024;

/**
 * How many of the waiting bytes go into the file next, or that it is to be rotated first. Files are filled up to their
 * limit with whole lines; a line longer than a file has one to itself.
 * @param size what the file holds.
 * @param atLineStart whether it is empty or ends with a newline.
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
