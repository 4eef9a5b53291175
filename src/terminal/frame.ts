import { STYLE, type CellStyle } from './style.ts';
import { graphemes, isNarrow, truncate } from './text.ts';

const SPACE = ' ';

/** The content of the screen: a grid of cells. A character two columns wide is followed by an empty cell. */
export class Frame {
  readonly columns: number;
  readonly rows: number;
  /** Row by row. */
  readonly chars: string[];
  readonly styles: Uint8Array;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.chars = new Array<string>(columns * rows).fill(SPACE);
    this.styles = new Uint8Array(columns * rows);
  }

  /** Writes printable text, cut at `width` or the edge; returns the next column. */
  put(row: number, column: number, text: string, style: CellStyle = STYLE.plain, width = this.columns - column): number {
    const room = Math.min(width, this.columns - column);
    if (row < 0 || row >= this.rows || column < 0 || room <= 0) return column;
    const shown = truncate(text, room);
    const at = row * this.columns + column;
    if (isNarrow(shown)) {
      for (let i = 0; i < shown.length; i++) this.#set(at + i, shown.charAt(i), style);
      return column + shown.length;
    }
    let used = 0;
    for (const grapheme of graphemes(shown)) {
      if (grapheme.width === 0) continue;
      this.#set(at + used, grapheme.text, style);
      if (grapheme.width === 2) this.#set(at + used + 1, '', style);
      used += grapheme.width;
    }
    return column + used;
  }

  /** Highlights a row: reversed, and without colours, which would be illegible as background. */
  mark(row: number): void {
    if (row < 0 || row >= this.rows) return;
    for (let i = row * this.columns; i < (row + 1) * this.columns; i++) this.styles[i] = ((this.styles[i] ?? 0) & STYLE.bold) | STYLE.reverse;
  }

  /** The text without styles and trailing spaces, for scripts and tests. */
  toString(): string {
    const lines: string[] = [];
    for (let row = 0; row < this.rows; row++)
      lines.push(
        this.chars
          .slice(row * this.columns, (row + 1) * this.columns)
          .join('')
          .trimEnd(),
      );
    return lines.join('\n');
  }

  #set(at: number, char: string, style: CellStyle): void {
    this.chars[at] = char;
    this.styles[at] = style;
  }
}
