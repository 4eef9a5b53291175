import type { LbEvent, Severity } from '../../protocol/control.ts';
import { barChart, scaleOf } from '../../terminal/chart.ts';
import type { Frame } from '../../terminal/frame.ts';
import { STYLE, type CellStyle } from '../../terminal/style.ts';
import { padded, printable, truncate, widthOf } from '../../terminal/text.ts';
import { clock } from '../format.ts';
import { latest, series, SPAN_SECONDS, type Sample } from '../history.ts';
import type { Measure } from '../measures.ts';
import { toneStyle } from '../tones.ts';

/** Width of a chart's scale on its left. */
const SCALE_COLUMNS = 7;

export interface Area {
  readonly row: number;
  readonly left: number;
  readonly columns: number;
  readonly rows: number;
}

/** A rule with a title. */
function drawRule(frame: Frame, { row, left, columns }: Area, title: string): void {
  const end = frame.put(row, left, `── ${title} `, STYLE.dim, columns);
  frame.put(row, end, '─'.repeat(Math.max(0, left + columns - end)), STYLE.dim);
}

export interface ChartContent {
  readonly history: readonly Sample[];
  readonly app: string;
  readonly slot: number | null;
  readonly measure: Measure;
}

/** A chart of the last minutes under a titled rule. */
export function drawChart(frame: Frame, area: Area, { history, app, slot, measure }: ChartContent): void {
  const columns = Math.min(SPAN_SECONDS, area.columns - SCALE_COLUMNS - 1);
  const height = area.rows - 1;
  if (columns < 1 || height < 1) return;
  const values = series(history, { app, slot, measure, columns });
  const now = latest(history, { app, slot, measure });
  const top = scaleOf(values, measure.leastScale);
  const subject = slot === null ? app : `${app}[${slot}]`;
  drawRule(frame, area, `${subject}: ${measure.label}${now === null ? '' : `, now ${measure.format(now)}`}; ${SPAN_SECONDS / 60} minutes`);
  barChart(values, top, height).forEach((line, index) => {
    const label = index === 0 ? measure.format(top) : index === height - 1 ? '0' : '';
    frame.put(area.row + 1 + index, area.left + SCALE_COLUMNS - 1 - widthOf(label), label, STYLE.dim);
    frame.put(area.row + 1 + index, area.left + SCALE_COLUMNS, line, STYLE.cyan, columns);
  });
}

const SEVERITY_STYLES: Readonly<Record<Severity, CellStyle>> = { info: toneStyle('busy'), warn: toneStyle('warn'), error: toneStyle('bad') };
const KIND_COLUMNS = 15;
const APP_COLUMNS = 20;
/** Shown instead of the app for an event of the daemon. */
const DAEMON = '-';

/** The latest events, newest last, under a rule. */
export function drawEvents(frame: Frame, area: Area, events: readonly LbEvent[], withApp: boolean): void {
  if (area.rows < 2) return;
  drawRule(frame, area, 'events');
  const newest = events.slice(-(area.rows - 1));
  if (newest.length === 0) frame.put(area.row + 1, area.left + 1, 'no events yet', STYLE.dim, area.columns - 1);
  const appColumns = Math.min(APP_COLUMNS, Math.max(0, ...events.map(({ app }) => widthOf(app ?? DAEMON))));
  newest.forEach(({ at, app, kind, severity, message }, index) => {
    const row = area.row + 1 + index;
    const end = area.left + area.columns;
    const put = (column: number, text: string, style: CellStyle): number => frame.put(row, column, text, style, end - column);
    let column = put(area.left + 1, `${clock(at)} `, STYLE.dim);
    if (withApp) column = put(column, padded(truncate(app ?? DAEMON, appColumns), appColumns + 1), STYLE.bold);
    put(column, `${kind.padEnd(KIND_COLUMNS)} `, SEVERITY_STYLES[severity]);
    put(column + KIND_COLUMNS + 1, printable(message), STYLE.plain);
  });
}
