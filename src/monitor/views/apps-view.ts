import type { Frame } from '../../terminal/frame.ts';
import { STYLE } from '../../terminal/style.ts';
import { shown, type Model } from '../model.ts';
import { appRows, measureOf } from '../rows.ts';
import { drawTable, place, sortable, tableLines } from '../table.ts';
import { underWay } from '../under-way.ts';
import { FOOTER_LINES } from './footer.ts';
import { drawTitle, drawTotals } from './header.ts';
import { drawChart, drawEvents } from './panels.ts';

const HEADER_LINES = 4;
/** Only the title: on a very low terminal the rows matter most. */
const LEAST_HEADER_LINES = 1;
const LOW_ROWS = 10;
/** With fewer lines there is no chart under the table; the table scrolls instead. */
const LEAST_PANEL = 4;
const LEAST_EVENTS = 2;
const LARGEST_CHART = 9;
const LARGEST_NOTES = 4;

/** The overview: the machine, the totals, a row per app, and for the selected app its activity and a chart. */
export function drawApps(frame: Frame, model: Model): void {
  const { apps, history, events, at } = shown(model);
  const { columns, rows, cursor } = appRows(model);
  drawTitle(frame, model, [{ text: 'all apps', style: STYLE.bold }]);
  const top = frame.rows < LOW_ROWS ? LEAST_HEADER_LINES : HEADER_LINES;
  if (top === HEADER_LINES) drawTotals(frame, model);
  const bottom = frame.rows - FOOTER_LINES;
  const tableRows = tableLines(rows.length, bottom - top, model.still ? 0 : 1 + LEAST_PANEL);
  const { by, reversed } = model.sorting.apps;
  const sortedBy = sortable(columns)[by];
  drawTable(
    frame,
    { row: top, height: tableRows },
    { columns: place(columns, frame.columns, sortedBy), rows, cursor: model.still ? -1 : cursor, sortedBy, reversed },
  );
  if (rows.length === 0 && at > 0)
    frame.put(top + 1, 1, apps.length === 0 ? 'no apps yet; start one with "lb start <script>"' : `no app matches "${model.filters.apps}"`, STYLE.dim);

  let row = top + tableRows + 1;
  const app = rows[cursor];
  if (app === undefined || model.still) return;
  const notes = underWay(app).slice(0, Math.min(LARGEST_NOTES, Math.max(0, bottom - row)));
  for (const { text, style } of notes) frame.put(row++, 1, text, style);
  if (notes.length > 0) row++;
  const rest = bottom - row;
  if (rest >= LEAST_PANEL) {
    const height = rest < LEAST_PANEL + 1 + LEAST_EVENTS ? rest : Math.min(LARGEST_CHART, Math.max(LEAST_PANEL, rest - LEAST_PANEL));
    drawChart(frame, { row, left: 0, columns: frame.columns, rows: height }, { history, app: app.name, slot: null, measure: measureOf(model) });
    row += height + 1;
  }
  drawEvents(frame, { row, left: 0, columns: frame.columns, rows: bottom - row }, events, true);
}
