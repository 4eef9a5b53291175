import Table from 'cli-table3';
import { layOut, paint, type Column, type TableOptions } from './columns.ts';
import { plain } from './style.ts';

/** No frame and no rules, so that `awk` can extract a column. */
const FRAMELESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
} as const;

/** A table under a head line; one string per line, head first. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], { width, style = plain }: TableOptions): string[] {
  const { lines, widths, gap } = layOut(rows, columns, width);
  const table = new Table({
    chars: { ...FRAMELESS, middle: ' '.repeat(gap) },
    colWidths: [...widths],
    colAligns: columns.map(({ align }) => align ?? 'left'),
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  table.push(...lines.map((line) => line.map((cell) => paint(cell, style))));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
