import type { Frame } from './frame.ts';
import { STYLE, sequenceOf, type Palette } from './style.ts';

/** Rewriting up to this many unchanged cells between two changed ones is cheaper than skipping them. */
const MAX_GAP = 6;
const RESET = '\x1b[0m';

/**
 * The escape sequences that change one frame into another: only different cells are written. Null, or a frame of another size,
 * clears the screen first.
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
        // Terminals disagree about the width of emoji, so set the next column explicitly.
        if (char.length > 1 || after.chars[at + 1] === '') text += `\x1b[${row + 1};${column + charWidth(after, at) + 1}H`;
      }
    }
  }
  return style <= 0 ? text : text + RESET;
}

/** A frame with colours as lines, for output that is not a screen. */
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

/** Column ranges `[from, to)` of a row to rewrite. Both cells of a wide character differ, or neither. */
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
