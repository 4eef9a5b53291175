import type { Frame } from '../terminal/frame.ts';
import { STYLE, type CellStyle } from '../terminal/style.ts';
import { truncate, widthOf } from '../terminal/text.ts';

export interface Cell {
  readonly text: string;
  readonly style?: CellStyle;
}

/** One column of a table; may be hidden on a narrow terminal. */
export interface Column<Row> {
  readonly title: string;
  readonly width: number;
  /** Maximum width if there is room. */
  readonly widest?: number;
  readonly align?: 'right';
  /** Columns with the highest rank are hidden first; 0 is never hidden. */
  readonly rank: number;
  readonly cell: (row: Row, width: number) => Cell;
  /** Makes the column sortable: numbers descend, strings ascend. */
  readonly sortBy?: (row: Row) => number | string;
}

export interface Placed<Row> {
  readonly column: Column<Row>;
  readonly left: number;
  readonly width: number;
}

/** Room for the arrow after the title of the sorted column. */
const ARROW_COLUMNS = 1;

/**
 * Chooses the columns that fit, and their widths; the sorted column has room for its arrow. Columns that can grow get the space
 * left over, from left to right.
 */
export function place<Row>(columns: readonly Column<Row>[], total: number, sortedBy?: Column<Row>): readonly Placed<Row>[] {
  let chosen = [...columns];
  const least = (column: Column<Row>): number => (column === sortedBy ? Math.max(column.width, widthOf(column.title) + ARROW_COLUMNS) : column.width);
  const used = (gap: number): number => chosen.reduce((sum, column) => sum + least(column), 0) + gap * (chosen.length - 1);
  while (used(1) > total && chosen.some(({ rank }) => rank > 0)) {
    const highest = Math.max(...chosen.map(({ rank }) => rank));
    chosen = chosen.filter(({ rank }) => rank !== highest);
  }
  const gap = used(2) <= total ? 2 : 1;
  let spare = Math.max(0, total - used(gap));
  let left = 0;
  return chosen.map((column) => {
    const more = Math.min(spare, Math.max(0, (column.widest ?? 0) - least(column)));
    spare -= more;
    const width = Math.max(0, Math.min(least(column) + more, total - left));
    const placed = { column, left, width };
    left += width + gap;
    return placed;
  });
}

export interface Sorted {
  /** Index among the sortable columns. */
  readonly by: number;
  readonly reversed: boolean;
}

export const sortable = <Row>(columns: readonly Column<Row>[]): readonly Column<Row>[] => columns.filter(({ sortBy }) => sortBy !== undefined);

/** The sorted rows; the sort is stable. */
export function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], { by, reversed }: Sorted): readonly Row[] {
  const key = sortable(columns)[by]?.sortBy;
  if (key === undefined) return rows;
  const sign = reversed ? -1 : 1;
  return rows
    .map((row) => ({ row, key: key(row) }))
    .sort((a, b) => sign * compare(a.key, b.key))
    .map(({ row }) => row);
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return b - a;
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface TableArea {
  readonly row: number;
  /** Lines including the head. */
  readonly height: number;
}

export interface TableContent<Row> {
  readonly columns: readonly Placed<Row>[];
  readonly rows: readonly Row[];
  /** Index of the selected row; -1 for none. */
  readonly cursor: number;
  readonly sortedBy: Column<Row> | undefined;
  readonly reversed: boolean;
}

/** A table with fewer lines than this gives none to the panel. */
const LEAST_LINES = 9;

/**
 * Lines of a table including its head: at most what leaves `panel` lines below it, or all of the room if that is too small to
 * share.
 */
export function tableLines(rows: number, room: number, panel: number): number {
  return Math.max(2, Math.min(rows + 1, room - panel >= LEAST_LINES ? room - panel : room));
}

/** First visible row; keeps the selected row visible. */
export function firstVisible(cursor: number, rows: number, height: number): number {
  return Math.max(0, Math.min(rows - height, cursor - Math.floor(height / 2)));
}

const HEAD = STYLE.bold | STYLE.underline;

export function drawTable<Row>(frame: Frame, { row, height }: TableArea, content: TableContent<Row>): void {
  const { columns, rows, cursor, sortedBy, reversed } = content;
  frame.put(row, 0, ' '.repeat(frame.columns), HEAD);
  for (const { column, left, width } of columns) {
    const isSorted = column === sortedBy;
    const arrow = isSorted ? arrowOf(column, rows[0], reversed) : '';
    putAligned(
      frame,
      { row, left, width, align: column.align },
      { text: truncate(column.title, width - arrow.length) + arrow, style: HEAD | (isSorted ? STYLE.cyan : 0) },
    );
  }
  const visible = height - 1;
  const first = firstVisible(cursor, rows.length, visible);
  rows.slice(first, first + visible).forEach((each, index) => {
    for (const { column, left, width } of columns) putAligned(frame, { row: row + 1 + index, left, width, align: column.align }, column.cell(each, width));
    if (first + index === cursor) frame.mark(row + 1 + index);
  });
}

/** Strings sort ascending by default, numbers descending. */
function arrowOf<Row>({ sortBy }: Column<Row>, row: Row | undefined, reversed: boolean): string {
  const rises = row !== undefined && typeof sortBy?.(row) === 'string';
  return rises === reversed ? '▼' : '▲';
}

interface CellArea {
  readonly row: number;
  readonly left: number;
  readonly width: number;
  readonly align: 'right' | undefined;
}

function putAligned(frame: Frame, { row, left, width, align }: CellArea, { text, style = STYLE.plain }: Cell): void {
  const shift = align === 'right' ? Math.max(0, width - widthOf(text)) : 0;
  frame.put(row, left + shift, text, style, width - shift);
}
