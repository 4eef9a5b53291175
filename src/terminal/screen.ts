import type { Frame } from './frame.ts';
import { STYLE, sequenceOf, type Palette } from './style.ts';

/** Up to this many equal cells between two changed ones are cheaper to rewrite than to skip. */
const MAX_GAP = 6;
const RESET = '\x1b[0m';

/**
 * The shortest way from one frame to the next: only cells that differ are written. Null stands for a screen of which nothing
 * is known; it is cleared. Frames of different sizes have nothing in common.
 */
export function paintChanges(before: Frame | null, after: Frame, palette: Palette): string {
  const known = before !== null && before.columns === after.columns && before.rows === after.rows ? before : null;
  let text = known === null ? `${RESET}\x1b[2J` : '';
  let style = -1;
  for (let row = 0; row < after.rows; row++) {
    for (const [from, to] of changedRuns(known, after, row)) {
      text += `\x1b[${row + 1};${from + 1}H`;
      for (let column = from; column < to; column++) {
        const at = row * after.columns + column;
        const char = after.chars[at] ?? '';
        if (char === '') continue;
        const wanted = after.styles[at] ?? STYLE.plain;
        if (wanted !== style) text += sequenceOf(wanted, palette);
        style = wanted;
        text += char;
        // Terminals disagree about how wide an emoji is; what follows must stand in its column all the same.
        if (char.length > 1 || after.chars[at + 1] === '') text += `\x1b[${row + 1};${column + charWidth(after, at) + 1}H`;
      }
    }
  }
  return style <= 0 ? text : text + RESET;
}

/** One frame with its colours, line by line, for output that is not a screen. */
export function paintLines(frame: Frame, palette: Palette): string {
  const lines: string[] = [];
  for (let row = 0; row < frame.rows; row++)
    lines.push(
      palette !== 'none'
        ? coloredLine(frame, row, palette)
        : frame.chars
            .slice(row * frame.columns, (row + 1) * frame.columns)
            .join('')
            .trimEnd(),
    );
  return lines.map((line) => `${line}\n`).join('');
}

function coloredLine(frame: Frame, row: number, palette: Palette): string {
  let text = '';
  let style: number = STYLE.plain;
  for (let at = row * frame.columns; at < (row + 1) * frame.columns; at++) {
    const wanted = frame.styles[at] ?? STYLE.plain;
    if (wanted !== style) text += sequenceOf(wanted, palette);
    style = wanted;
    text += frame.chars[at] ?? '';
  }
  return style === STYLE.plain ? text.trimEnd() : text + RESET;
}

/** Columns `[from, to)` of a row that are written again. Of a character of two columns both cells differ, or none. */
function changedRuns(before: Frame | null, after: Frame, row: number): [number, number][] {
  const runs: [number, number][] = [];
  const start = row * after.columns;
  for (let column = 0; column < after.columns; column++) {
    const at = start + column;
    const same =
      before === null
        ? after.chars[at] === ' ' && after.styles[at] === STYLE.plain
        : before.chars[at] === after.chars[at] && before.styles[at] === after.styles[at];
    if (same) continue;
    const last = runs.at(-1);
    if (last !== undefined && column - last[1] <= MAX_GAP) last[1] = column + 1;
    else runs.push([column, column + 1]);
  }
  return runs;
}

const charWidth = (frame: Frame, at: number): number => (frame.chars[at + 1] === '' ? 2 : 1);
