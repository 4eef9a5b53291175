import { refuse, stay } from './actions.ts';
import { emptyLogs, findMatch, scrolledTo, unpaused, scroll, STREAM_FILTERS } from './logs-state.ts';
import { MEASURES } from './measures.ts';
import { filterOf, shown, withFilter, type Model, type Update } from './model.ts';
import { appRows, currentApp, currentWorker, workerRows } from './rows.ts';
import { sortable } from './table.ts';

/** Screen lines around the log that a page key does not move by. */
const CHROME_LINES = 6;
/** A table gets at least half of the lines, minus its head and margins. */
const TABLE_CHROME_LINES = 2;
const SHIFT_COLUMNS = 16;

/** Lines that a page key moves by. */
const pageLines = ({ page, rows }: Model): number => Math.max(1, page === 'logs' ? rows - CHROME_LINES : Math.floor(rows / 2) - TABLE_CHROME_LINES);

/** Moves the cursor by rows; in the logs, scrolls towards the newest. */
export const move =
  (by: number | 'page' | '-page' | 'first' | 'last') =>
  (model: Model): Update => {
    const lines = by === 'page' ? pageLines(model) : by === '-page' ? -pageLines(model) : by === 'first' ? -Infinity : by === 'last' ? Infinity : by;
    if (model.page === 'logs') return stay({ ...model, logs: scroll(model.logs, -lines, logHeight(model)) });
    if (model.page === 'apps') {
      const { rows, cursor } = appRows(model);
      return stay({ ...model, notice: null, app: rows[within(cursor + lines, rows.length)]?.name ?? model.app });
    }
    const { rows, cursor } = workerRows(model);
    return stay({ ...model, notice: null, worker: rows[within(cursor + lines, rows.length)] ?? model.worker });
  };

/** Lines of the log on the screen. */
export const logHeight = ({ rows }: Model): number => Math.max(1, rows - 4);

const within = (index: number, length: number): number => Math.max(0, Math.min(length - 1, index));

export function open(model: Model): Update {
  if (model.page === 'app') return openLogs(currentWorker(model)?.slot ?? null)(model);
  const app = currentApp(model);
  return app === undefined
    ? stay(model)
    : stay({ ...model, page: 'app', app: app.name, worker: null, filters: { ...model.filters, workers: '' }, notice: null });
}

/** Opens the live log, even while paused. */
export const openLogs =
  (slot: number | null) =>
  (model: Model): Update => {
    const app = currentApp(model);
    if (app === undefined) return stay(model);
    const from = model.page === 'logs' ? model.logsFrom : model.page;
    return stay({ ...model, paused: null, page: 'logs', app: app.name, logsFrom: from, logs: emptyLogs(slot), notice: null }, { do: 'follow', app: app.name });
  };

/** Clears the filter, else returns to the previous page. */
export function back(model: Model): Update {
  if (filterOf(model) !== '') return stay({ ...withFilter(model, ''), notice: null });
  if (model.page === 'logs') return stay({ ...model, page: model.logsFrom, logs: emptyLogs(), notice: null }, { do: 'follow', app: null });
  if (model.page === 'app') return stay({ ...model, page: 'apps', notice: null });
  return stay({ ...model, notice: null });
}

/** Opens the next or previous app. */
export const nextApp =
  (by: 1 | -1) =>
  (model: Model): Update => {
    const { rows } = appRows({ ...model, page: 'apps' });
    const at = rows.findIndex(({ name }) => name === model.app);
    const app = rows[(at + by + rows.length) % Math.max(1, rows.length)]?.name ?? model.app;
    return stay({ ...model, app, worker: null, notice: null });
  };

export function sortByNext(model: Model): Update {
  const table = model.page === 'app' ? 'workers' : 'apps';
  const columns = table === 'workers' ? sortable(workerRows(model).columns).length : sortable(appRows(model).columns).length;
  const by = (model.sorting[table].by + 1) % Math.max(1, columns);
  return stay({ ...model, sorting: { ...model.sorting, [table]: { by, reversed: false } } });
}

export function reverseSort(model: Model): Update {
  const table = model.page === 'app' ? 'workers' : 'apps';
  const { by, reversed } = model.sorting[table];
  return stay({ ...model, sorting: { ...model.sorting, [table]: { by, reversed: !reversed } } });
}

export const nextMeasure = (model: Model): Update => stay({ ...model, measure: (model.measure + 1) % MEASURES.length });

export const pause = (model: Model): Update =>
  stay(model.paused === null ? { ...model, paused: shown(model) } : { ...model, paused: null, logs: unpaused(model.logs) });

export const editFilter = (model: Model): Update => stay({ ...model, notice: null, dialog: { kind: 'input', purpose: 'filter', text: filterOf(model) } });

export const editSearch = (model: Model): Update => stay({ ...model, notice: null, dialog: { kind: 'input', purpose: 'search', text: '' } });

export const searchNext =
  (towards: 'past' | 'newest') =>
  (model: Model): Update => {
    if (model.logs.search === '') return refuse(model, '/ searches');
    const logs = findMatch(model.logs, towards);
    return logs === null ? refuse(model, `no more "${model.logs.search}" ${towards === 'past' ? 'above' : 'below'}`) : stay({ ...model, notice: null, logs });
  };

export function nextStream(model: Model): Update {
  const streams = STREAM_FILTERS[(STREAM_FILTERS.indexOf(model.logs.streams) + 1) % STREAM_FILTERS.length] ?? 'all';
  return stay({ ...model, logs: scrolledTo({ ...model.logs, streams }, 0) });
}

/** Cycles through all workers together, then each one. */
export function nextSlot(model: Model): Update {
  const slots = [...new Set(currentApp(model)?.workers.map(({ slot }) => slot))].sort((a, b) => a - b);
  const slot = model.logs.slot === null ? (slots[0] ?? null) : (slots.find((other) => other > (model.logs.slot ?? -1)) ?? null);
  return stay({ ...model, logs: scrolledTo({ ...model.logs, slot }, 0) });
}

export const shift =
  (towards: 1 | -1) =>
  (model: Model): Update =>
    stay({ ...model, logs: { ...model.logs, shift: Math.max(0, model.logs.shift + towards * SHIFT_COLUMNS) } });
