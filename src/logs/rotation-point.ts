const NEWLINE = 0x0a;
/** A line is cut this far beyond the limit. */
const LONGEST_LINE_BYTES = 1024 * 1024;

/**
 * How many of the waiting bytes to write next, or whether to rotate first. Whole lines are written at once if possible, because
 * others may write to the same file, and files are filled with whole lines up to their limit; a line longer than a file gets its own.
 * @param waiting consecutive blocks
 * @param size current size of the file
 * @param atLineStart whether it is empty or ends with a newline
 */
export function nextWrite(waiting: readonly Buffer[], size: number, atLineStart: boolean, maxBytes: number): number | 'rotate' {
  const room = maxBytes - size;
  const fitting = room > 0 ? wholeLines(waiting, room) : 0;
  if (fitting > 0) return fitting;
  const length = waiting.reduce((sum, block) => sum + block.length, 0);
  if (length <= room) return length;
  if (size > 0 && (atLineStart || size >= maxBytes + LONGEST_LINE_BYTES)) return 'rotate';
  return firstLine(waiting) ?? length;
}

/** Length of the lines that end within the first `limit` bytes. */
function wholeLines(blocks: readonly Buffer[], limit: number): number {
  let start = 0;
  let end = 0;
  for (const block of blocks) {
    if (start >= limit) break;
    const within = block.lastIndexOf(NEWLINE, Math.min(block.length, limit - start) - 1) + 1;
    if (within > 0) end = start + within;
    start += block.length;
  }
  return end;
}

function firstLine(blocks: readonly Buffer[]): number | null {
  let start = 0;
  for (const block of blocks) {
    const within = block.indexOf(NEWLINE) + 1;
    if (within > 0) return start + within;
    start += block.length;
  }
  return null;
}

/** The first `length` bytes of consecutive blocks. */
export function firstBytes(blocks: readonly Buffer[], length: number): Buffer[] {
  const taken: Buffer[] = [];
  let left = length;
  for (const block of blocks) {
    if (left <= 0) break;
    taken.push(block.subarray(0, left));
    left -= block.length;
  }
  return taken;
}
