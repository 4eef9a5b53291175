const START = '\x1B_lb;';
const END = '\x1B\\';
const ESCAPE = 0x1b;
const CONTROL_STRING = 0x5f;
const MOST_DIGITS = 16;
const LONGEST_BYTES = START.length + MOST_DIGITS + END.length;

/**
 * What a worker writes before it goes on with one of stdout and stderr after it wrote to the other one: how many bytes it had written
 * to that, so that who reads both pipes knows the order. As a control string, terminals would not show it.
 */
export const outputMark = (otherBytes: number): string => `${START}${otherBytes}${END}`;

export interface FoundMark {
  /** The bytes before it. */
  readonly at: number;
  /** Null if the chunk may end within a mark. */
  readonly otherBytes: number | null;
  /** The bytes up to its end. */
  readonly end: number;
}

/** The first mark in a chunk; null if there is none, nor the beginning of one. */
export function findMark(chunk: Buffer): FoundMark | null {
  for (let at = chunk.indexOf(ESCAPE); at !== -1; at = chunk.indexOf(ESCAPE, at + 1)) {
    // Nearly always a colour.
    if (at + 1 < chunk.length && chunk[at + 1] !== CONTROL_STRING) continue;
    const text = chunk.toString('latin1', at, at + LONGEST_BYTES);
    const whole = /^\x1B_lb;(\d{1,16})\x1B\\/.exec(text);
    if (whole !== null) return { at, otherBytes: Number(whole[1]), end: at + whole[0].length };
    if (at + text.length === chunk.length && isBeginning(text)) return { at, otherBytes: null, end: chunk.length };
  }
  return null;
}

const isBeginning = (text: string): boolean => START.startsWith(text) || /^\x1B_lb;\d{0,16}\x1B?$/.test(text);
