import { byteSize } from '../../lifecycle/wording.ts';
import type { AppSnapshot, WorkerSnapshot } from '../../protocol/snapshot.ts';
import type { Frame } from '../../terminal/frame.ts';
import { STYLE } from '../../terminal/style.ts';
import { errorStyle } from '../app-columns.ts';
import { age, count, millis, percent, share } from '../format.ts';
import { chosenApp, shown, type Model } from '../model.ts';
import { measureOf, workerRows } from '../rows.ts';
import { drawTable, place, sortable, tableLines, type Cell } from '../table.ts';
import { stateStyle } from '../tones.ts';
import { underWay } from '../under-way.ts';
import { FOOTER_LINES } from './footer.ts';
import { drawTitle, labelled, putAll } from './header.ts';
import { drawChart, drawEvents, type Area } from './panels.ts';

/** A lower terminal shows only the rows. */
const LOW_ROWS = 10;
const LEAST_PANEL = 4;
/** Lines for the selected worker between the table and the panels, with the space after it. */
const WORKER_LINES = 2;
const LARGEST_CHART = 10;
/** From this width on, panels are side by side. */
const WIDE_COLUMNS = 150;

/** One app: its figures, current activity, a row per worker, charts and events. */
export function drawApp(frame: Frame, model: Model): void {
  const app = chosenApp(model);
  if (app === undefined) {
    drawTitle(frame, model, [{ text: model.app ?? '', style: STYLE.bold }]);
    frame.put(2, 1, shown(model).at === 0 ? '' : 'no app of that name; Esc shows all apps', STYLE.dim);
    return;
  }
  drawTitle(frame, model, titleOf(app));
  const bottom = frame.rows - FOOTER_LINES;
  let row = frame.rows < LOW_ROWS ? 1 : drawHead(frame, app, model.now);

  const { columns, rows, cursor } = workerRows(model);
  const tableRows = tableLines(rows.length, bottom - row, model.still ? 0 : WORKER_LINES + LEAST_PANEL);
  const { by, reversed } = model.sorting.workers;
  const sortedBy = sortable(columns)[by];
  drawTable(
    frame,
    { row, height: tableRows },
    { columns: place(columns, frame.columns, sortedBy), rows, cursor: model.still ? -1 : cursor, sortedBy, reversed },
  );
  row += tableRows;
  if (model.still) return;
  const worker = rows[cursor];
  if (worker === undefined) frame.put(row - 1, 1, app.workers.length === 0 ? 'no workers running' : `no worker matches "${model.filters.workers}"`, STYLE.dim);
  else if (row + 1 < bottom) row = drawWorker(frame, row, app, worker);
  drawPanels(frame, model, { row: row + 1, left: 0, columns: frame.columns, rows: bottom - row - 1 }, worker);
}

/** Figures of the app as a whole; returns the next row. */
function drawHead(frame: Frame, app: AppSnapshot, now: number): number {
  const lines = [figures(app), facts(app), ...scaling(app, now)];
  lines.forEach((line, index) => putAll(frame, 1 + index, 1, line));
  let row = 2 + lines.length;
  const notes = underWay(app).slice(0, Math.max(1, Math.floor((frame.rows - FOOTER_LINES - row) / 3)));
  for (const { text, style } of notes) frame.put(row++, 1, text, style);
  return notes.length > 0 ? row + 1 : row;
}

function titleOf({ name, state, ready, instances, generation }: AppSnapshot): readonly Cell[] {
  return [
    { text: name, style: STYLE.bold },
    { text: '  ' },
    { text: state, style: stateStyle(state) },
    { text: `  ${ready}/${instances} workers, generation ${generation}` },
  ];
}

function figures(app: AppSnapshot): readonly Cell[] {
  return [
    ...labelled('req/s', count(app.requestsPerSecond)),
    ...labelled('p50', millis(app.p50Ms)),
    ...labelled('p95', millis(app.p95Ms)),
    ...labelled('p99', millis(app.p99Ms)),
    ...labelled('5xx', share(app.errorRate), STYLE.bold | errorStyle(app.errorRate)),
    ...labelled('conns', count(app.connections)),
    ...labelled('cpu', percent(app.cpuPercent)),
    ...labelled('mem', byteSize(app.memoryBytes)),
    ...labelled('rst', count(app.restarts)),
    ...((app.recycles ?? 0) > 0 ? labelled('recycled', count(app.recycles ?? 0)) : []),
  ];
}

function facts(app: AppSnapshot): readonly Cell[] {
  return [
    ...labelled('up', age(app.uptimeMs), STYLE.plain),
    ...labelled('balance', `${app.spec.balance}${app.accept?.by === 'workers' ? ', workers accept' : ''}`, STYLE.plain),
    ...labelled('node', app.node === '' ? '-' : app.node, STYLE.plain),
    ...labelled('listens on', app.listeners.join(' ') || '-', STYLE.plain),
  ];
}

/**
 * Whether the load or the operator sets the number of workers; with autoscaling, also the reason and the last change. Nothing
 * for an app without `scale`.
 */
function scaling({ autoscaling, instances }: AppSnapshot, now: number): readonly (readonly Cell[])[] {
  if (autoscaling === null) return [];
  const { on, min, max, now: reason, last } = autoscaling;
  const state = on
    ? labelled('scale', `auto, ${min} to ${max}`, STYLE.green)
    : labelled('scale', `fixed at ${instances}; auto would be ${min} to ${max}`, STYLE.yellow);
  // A change by autoscaling does not explain a number that was set by hand later.
  const changed = last === null || !on ? [] : [[{ text: `changed ${age(now - last.at)} ago: `, style: STYLE.dim }, { text: last.reason }]];
  return [[...state, { text: reason ?? '' }], ...changed];
}

/** Details of the selected worker that the table has no room for. */
function drawWorker(frame: Frame, row: number, app: AppSnapshot, worker: WorkerSnapshot): number {
  const health = app.health.find(({ pid }) => pid === worker.pid);
  putAll(frame, row, 1, [
    ...labelled(`slot ${worker.slot}`, `generation ${worker.generation}, weight ${count(worker.weight)}`, STYLE.plain),
    ...labelled('hand-off', millis(worker.handOffMs), STYLE.plain),
    ...labelled('accepted', count(worker.accepted), STYLE.plain),
    ...labelled('refused', count(worker.refused), STYLE.plain),
    ...labelled('rst', count(worker.restarts), STYLE.plain),
    ...((worker.recycles ?? 0) > 0 ? labelled('recycled', count(worker.recycles ?? 0), STYLE.plain) : []),
    ...(health === undefined || health.checks.passed + health.checks.failed === 0
      ? []
      : labelled('checks', `${count(health.checks.passed)} ok, ${count(health.checks.failed)} failed`, STYLE.plain)),
  ]);
  return row + 1;
}

/** A chart of the app, one of the worker, and the events; side by side if there is room. */
function drawPanels(frame: Frame, model: Model, area: Area, worker: WorkerSnapshot | undefined): void {
  const { history, events } = shown(model);
  const own = events.filter(({ app }) => app === model.app);
  const chart = { history, app: model.app ?? '', measure: measureOf(model) };
  const rows = Math.min(LARGEST_CHART, Math.max(LEAST_PANEL, Math.floor(area.rows / 2)));
  if (area.rows < LEAST_PANEL) return;
  const half = frame.columns >= WIDE_COLUMNS ? Math.floor((frame.columns - 2) / 2) : area.columns;
  drawChart(frame, { ...area, rows, columns: half }, { ...chart, slot: worker?.slot ?? null });
  if (half < area.columns) drawChart(frame, { ...area, rows, left: half + 2, columns: frame.columns - half - 2 }, { ...chart, slot: null });
  drawEvents(frame, { ...area, row: area.row + rows + 1, rows: area.rows - rows - 1 }, own, false);
}
