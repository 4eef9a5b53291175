import type { AppSnapshot, WorkerSnapshot } from '../protocol/snapshot.ts';
import { widthOf } from '../terminal/text.ts';
import { appColumns } from './app-columns.ts';
import { MEASURES, type Measure } from './measures.ts';
import { chosenApp, shown, type Model } from './model.ts';
import { sortRows, type Column } from './table.ts';
import { workerColumns } from './worker-columns.ts';

export const measureOf = (model: Model): Measure => MEASURES[model.measure % MEASURES.length] ?? MEASURES[0];

export interface Rows<Row> {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Index of the selected row; -1 without rows. */
  readonly cursor: number;
}

/** The apps of the overview, filtered and sorted. */
export function appRows(model: Model): Rows<AppSnapshot> {
  const { apps, history } = shown(model);
  const filter = model.filters.apps.toLowerCase();
  const byName = apps.filter(({ name, state }) => name.toLowerCase().includes(filter) || state.startsWith(filter)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const columns = appColumns(history, measureOf(model), Math.max(0, ...apps.map(({ name }) => widthOf(name))));
  const rows = sortRows(byName, columns, model.sorting.apps);
  const cursor = rows.findIndex(({ name }) => name === model.app);
  return { columns, rows, cursor: cursor < 0 ? Math.min(0, rows.length - 1) : cursor };
}

const matchesFilter = ({ slot, pid, state }: WorkerSnapshot, text: string): boolean =>
  text === '' || text === String(slot) || text === String(pid) || state.startsWith(text.toLowerCase());

/** The workers of the selected app, filtered and sorted. */
export function workerRows(model: Model): Rows<WorkerSnapshot> {
  const app = chosenApp(model);
  if (app === undefined) return { columns: [], rows: [], cursor: -1 };
  const columns = workerColumns(app, shown(model).history, measureOf(model));
  const bySlot = app.workers.filter((worker) => matchesFilter(worker, model.filters.workers)).sort((a, b) => a.slot - b.slot || a.generation - b.generation);
  const rows = sortRows(bySlot, columns, model.sorting.workers);
  const { worker } = model;
  const same = rows.findIndex(({ pid }) => pid === worker?.pid);
  const cursor = same >= 0 ? same : rows.findIndex(({ slot }) => slot === worker?.slot);
  return { columns, rows, cursor: cursor < 0 ? Math.min(0, rows.length - 1) : cursor };
}

/** The selected app, or the open one. */
export function currentApp(model: Model): AppSnapshot | undefined {
  if (model.page !== 'apps') return chosenApp(model);
  const { rows, cursor } = appRows(model);
  return rows[cursor];
}

/** The selected worker. */
export function currentWorker(model: Model): WorkerSnapshot | undefined {
  const { rows, cursor } = workerRows(model);
  return rows[cursor];
}
