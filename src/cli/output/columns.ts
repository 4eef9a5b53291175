import { plain, type Color, type Style } from './style.ts';
import { truncate } from './format.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'right';
  readonly color?: (row: Row) => Color | null;
  /** The one column that gives way when the line is too long; at least this many columns stay. */
  readonly shrinksTo?: number;
}

export interface TableOptions {
  /** Columns of the terminal; null for no limit. */
  readonly width: number | null;
  readonly style?: Style;
}

const WIDE_GAP = 2;

/** Aligned columns under a head line; one string per line, head first. */
export function renderColumns<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions): string[] {
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const natural = columns.map((column, index) => Math.max(column.title.length, ...cells.map((line) => line[index]?.length ?? 0)));
  const { widths, gap } = fitWidths(natural, columns, options.width);
  const style = options.style ?? plain;

  const line = (texts: readonly string[], color: (index: number) => Color | null): string => {
    const last = texts.length - 1;
    const parts = texts.map((text, index) => {
      const cut = truncate(text, widths[index] ?? 0);
      const space = ' '.repeat((widths[index] ?? 0) - cut.length);
      const chosen = color(index);
      const shown = chosen === null ? cut : style(chosen, cut);
      if (columns[index]?.align === 'right') return space + shown;
      return index === last ? shown : shown + space;
    });
    return parts.join(' '.repeat(gap));
  };

  const head = line(columns.map((column) => column.title), () => 'dim');
  return [head, ...rows.map((row, at) => line(cells[at] ?? [], (index) => columns[index]?.color?.(row) ?? null))];
}

/** Narrower gaps first, then the column that may shrink. */
function fitWidths<Row>(natural: readonly number[], columns: readonly Column<Row>[], width: number | null): { widths: number[]; gap: number } {
  const widths = [...natural];
  const total = (gap: number): number => widths.reduce((sum, each) => sum + each, 0) + gap * (widths.length - 1);
  if (width === null || total(WIDE_GAP) <= width) return { widths, gap: WIDE_GAP };
  const excess = total(1) - width;
  const shrinking = columns.findIndex((column) => column.shrinksTo !== undefined);
  if (excess > 0 && shrinking >= 0) {
    const least = Math.min(widths[shrinking] ?? 0, columns[shrinking]?.shrinksTo ?? 0);
    widths[shrinking] = Math.max(least, (widths[shrinking] ?? 0) - excess);
  }
  return { widths, gap: 1 };
}
