import type { ComponentChildren, JSX } from 'preact';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => ComponentChildren;
  /** Text is left-aligned, numbers are right-aligned. */
  readonly text?: true;
  /** Whether to highlight the cell. */
  readonly alarm?: (row: Row) => boolean;
}

interface TableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string | number;
}

/** A table; in a narrow window each row becomes a card, with the first column as its heading. */
export function Table<Row>({ label, rows, columns, keyOf }: TableProps<Row>): JSX.Element {
  const classOf = ({ text, alarm }: Column<Row>, row?: Row): string =>
    [text === true ? 'text' : '', row !== undefined && alarm?.(row) === true ? 'alarm' : ''].join(' ').trim();
  return (
    <table aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.title} scope="col" class={classOf(column)}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <td key={column.title} data-label={column.title} class={classOf(column, row)}>
                {column.value(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
