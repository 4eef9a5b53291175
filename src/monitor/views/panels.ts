import type { LbEvent } from '../../protocol/control.ts';
import { barChart, scaleOf } from '../chart.ts';
import { clock } from '../format.ts';
import type { Frame } from '../frame.ts';
import { series, SPAN_SECONDS, type Sample } from '../history.ts';
import type { Measure } from '../measures.ts';
import { STYLE, type CellStyle } from '../style.ts';
import { printable, widthOf } from '../text.ts';

/** Columns of a chart's scale, left of it. */
const SCALE_COLUMNS = 7;

export interface Area {
  readonly row: number;
  readonly left: number;
  readonly columns: number;
  readonly rows: number;
}

/** A line with a title in it. */
export function drawRule(frame: Frame, { row, left, columns }: Area, title: string): void {
  const end = frame.put(row, left, `── ${title} `, STYLE.dim, columns);
  frame.put(row, end, '─'.repeat(Math.max(0, left + columns - end)), STYLE.dim);
}

export interface ChartContent {
  readonly history: readonly Sample[];
  readonly app: string;
  readonly slot: number | null;
  readonly measure: Measure;
}

/** A chart over the last minutes, under a rule that says of what. */
export function drawChart(frame: Frame, area: Area, { history, app, slot, measure }: ChartContent): void {
  const columns = Math.min(SPAN_SECONDS, area.columns - SCALE_COLUMNS - 1);
  const height = area.rows - 1;
  if (columns < 1 || height < 1) return;
  const values = series(history, { app, slot, measure, columns });
  const last = values.findLast((value) => value !== null) ?? null;
  const top = scaleOf(values, measure.leastScale);
  const subject = slot === null ? app : `${app}[${slot}]`;
  drawRule(frame, area, `${subject}: ${measure.title}${last === null ? '' : `, now ${measure.format(last)}`}, last ${SPAN_SECONDS / 60} minutes`);
  barChart(values, top, height).forEach((line, index) => {
    const label = index === 0 ? measure.format(top) : index === height - 1 ? '0' : '';
    frame.put(area.row + 1 + index, area.left + SCALE_COLUMNS - 1 - widthOf(label), label, STYLE.dim);
    frame.put(area.row + 1 + index, area.left + SCALE_COLUMNS, line, STYLE.cyan, columns);
  });
}

const EVENT_STYLES: Readonly<Record<string, CellStyle>> = {
  ready: STYLE.green, readmit: STYLE.green, exit: STYLE.yellow, eject: STYLE.red, hung: STYLE.red, errored: STYLE.red, 'fork-failed': STYLE.red, 'not-ready': STYLE.red,
};
const KIND_COLUMNS = 10;

/** The newest events, newest last, under a rule. */
export function drawEvents(frame: Frame, area: Area, events: readonly LbEvent[], withApp: boolean): void {
  if (area.rows < 2) return;
  drawRule(frame, area, 'events');
  const newest = events.slice(-(area.rows - 1));
  if (newest.length === 0) frame.put(area.row + 1, area.left + 1, 'nothing has happened yet', STYLE.dim, area.columns - 1);
  newest.forEach(({ at, app, kind, message }, index) => {
    const row = area.row + 1 + index;
    const end = area.left + area.columns;
    const put = (column: number, text: string, style: CellStyle): number => frame.put(row, column, text, style, end - column);
    let column = put(area.left + 1, `${clock(at)} `, STYLE.dim);
    if (withApp) column = put(column, `${app} `, STYLE.bold);
    put(column, `${kind.padEnd(KIND_COLUMNS)} `, EVENT_STYLES[kind] ?? STYLE.cyan);
    put(column + KIND_COLUMNS + 1, printable(message), STYLE.plain);
  });
}
