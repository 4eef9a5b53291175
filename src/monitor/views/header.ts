import { byteSize, plural } from '../../lifecycle/wording.ts';
import { gauge } from '../../terminal/chart.ts';
import type { Frame } from '../../terminal/frame.ts';
import { STYLE, type CellStyle } from '../../terminal/style.ts';
import { widthOf } from '../../terminal/text.ts';
import { age, clock, count, percent } from '../format.ts';
import type { Machine } from '../machine.ts';
import { isSilent, shown, type Model } from '../model.ts';
import type { Cell } from '../table.ts';

/** Minimum terminal width to show a gauge. */
const GAUGE_FROM_COLUMNS = 76;
const GAUGE_COLUMNS = 10;
const SHORT_GAUGE_COLUMNS = 6;
const WIDE_COLUMNS = 100;
const HIGH = 0.9;

/** Minimum room for a long value to be shown with its label. */
const LEAST_VALUE_COLUMNS = 5;

/** Writes texts one after the other, up to the column `end`; returns the next column. */
export function putAll(frame: Frame, row: number, column: number, cells: readonly Cell[], end = frame.columns): number {
  let at = column;
  for (const [index, { text, style = STYLE.plain }] of cells.entries()) {
    const value = cells[index + 1]?.text;
    if (style === STYLE.dim && text.endsWith(' ') && value !== undefined && at + widthOf(text) + Math.min(LEAST_VALUE_COLUMNS, widthOf(value)) > end) return at;
    // Cut spaces at the edge without an ellipsis.
    at = text.trim() === '' ? at + text.length : frame.put(row, at, text, style, end - at);
  }
  return at;
}

/** A label and its value. */
export const labelled = (label: string, value: string, style: CellStyle = STYLE.bold): readonly Cell[] => [
  { text: `${label} `, style: STYLE.dim },
  { text: value, style },
  { text: '  ' },
];

/** The first line: the path on the left; the clock, or a connection problem, on the right. */
export function drawTitle(frame: Frame, model: Model, path: readonly Cell[]): void {
  const right = statusOf(model);
  const left = Math.max(0, frame.columns - widthOf(right.text) - 1);
  putAll(
    frame,
    0,
    0,
    [{ text: ' lb', style: STYLE.bold | STYLE.reverse }, { text: ' › ', style: STYLE.bold | STYLE.reverse }, { text: ' ' }, ...path],
    left - 1,
  );
  frame.put(0, left, right.text, right.style);
}

function statusOf({ link, paused, now, live }: Model): Cell {
  if (link.state === 'gone') return { text: `daemon gone for ${age(now - link.since)}, reconnecting …`, style: STYLE.red | STYLE.bold };
  if (paused !== null) return { text: `paused at ${clock(paused.at)}`, style: STYLE.yellow | STYLE.bold };
  if (isSilent(live, now)) return { text: `daemon silent for ${age(now - live.at)}`, style: STYLE.red | STYLE.bold };
  return live.at === 0 ? { text: 'connecting …', style: STYLE.dim } : { text: clock(live.at), style: STYLE.dim };
}

/** The machine and the totals of all apps. */
export function drawTotals(frame: Frame, model: Model): void {
  const { apps, machine } = shown(model);
  if (machine !== null)
    putAll(frame, 1, 1, machineCells(machine, frame.columns >= WIDE_COLUMNS ? GAUGE_COLUMNS : frame.columns >= GAUGE_FROM_COLUMNS ? SHORT_GAUGE_COLUMNS : 0));
  const sum = (of: (app: (typeof apps)[number]) => number | null): number => apps.reduce((total, app) => total + (of(app) ?? 0), 0);
  const answered = apps.filter(({ errorRate }) => errorRate !== null);
  const requests = answered.reduce((total, app) => total + app.requestsPerSecond, 0);
  const errors = requests === 0 ? null : answered.reduce((total, app) => total + (app.errorRate ?? 0) * app.requestsPerSecond, 0) / requests;
  putAll(frame, 2, 1, [
    ...labelled('apps', String(apps.length)),
    ...labelled('workers', String(sum(({ workers }) => workers.length))),
    ...labelled('cpu', percent(sum(({ cpuPercent }) => cpuPercent))),
    ...labelled('mem', byteSize(sum(({ memoryBytes }) => memoryBytes))),
    ...labelled('req/s', count(sum(({ requestsPerSecond }) => requestsPerSecond))),
    ...labelled('5xx', errors === null ? '-' : percent(errors * 100), errors !== null && errors > 0.001 ? STYLE.red | STYLE.bold : STYLE.bold),
    ...labelled('conns', count(sum(({ connections }) => connections))),
    ...labelled('rst', count(sum(({ restarts }) => restarts))),
  ]);
}

function machineCells({ cpu, cores, memoryBytes, memoryUsedBytes, load }: Machine, gaugeColumns: number): Cell[] {
  const memory = memoryBytes === 0 ? 0 : memoryUsedBytes / memoryBytes;
  const cells = (label: string, share: number | null, value: string): Cell[] => {
    const style = share !== null && share > HIGH ? STYLE.red : STYLE.green;
    const bar: Cell[] = gaugeColumns > 0 ? [{ text: gauge(share ?? 0, gaugeColumns), style }, { text: ' ' }] : [];
    return [{ text: `${label} `, style: STYLE.dim }, ...bar, { text: value, style: STYLE.bold }, { text: '  ' }];
  };
  return [
    ...cells('machine cpu', cpu, cpu === null ? '-' : percent(cpu * 100)),
    ...cells('mem', memory, `${byteSize(memoryUsedBytes)}/${byteSize(memoryBytes)}`),
    ...labelled('load', load.map((value) => value.toFixed(2)).join(' ')),
    { text: plural(cores, 'core'), style: STYLE.dim },
  ];
}
