import type { HistorySeries } from '../protocol/history.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { Frame } from '../terminal/frame.ts';
import type { Machine } from './machine.ts';
import { initialModel, type Model } from './model.ts';
import { underWay } from './under-way.ts';
import { update } from './update.ts';
import { view } from './view.ts';

/** Lines around the rows of a table: header, head, details and footer. */
const AROUND_LINES = 8;

export interface StillOptions {
  readonly columns: number;
  readonly at: number;
  readonly apps: readonly AppSnapshot[];
  readonly machine: Machine;
  readonly history: readonly HistorySeries[];
  /** Show the page of this app instead of the overview. */
  readonly app: string | null;
}

/** A single frame with all rows, for scripts and screenshots: no cursor, no keys. */
export function stillFrame({ columns, at, apps, machine, history, app }: StillOptions): Frame {
  const chosen = apps.find(({ name }) => name === app);
  const rows = chosen === undefined ? apps.length : chosen.workers.length + underWay(chosen).length * 3 + 1;
  const model: Model = { ...initialModel({ columns, rows: rows + AROUND_LINES, now: at, app }), still: true };
  const withStats = update(model, { type: 'stats', at, apps, machine }).model;
  return view(update(withStats, { type: 'history', series: history }).model);
}
