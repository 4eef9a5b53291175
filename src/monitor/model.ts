import type { BalanceStrategy } from '../lifecycle/balance-strategy.ts';
import type { LbEvent } from '../protocol/control.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { Sample } from './history.ts';
import { emptyLogs, lookedAt, type LogsState } from './logs-state.ts';
import type { Machine } from './machine.ts';

export const PAGES = ['apps', 'app', 'logs'] as const;
export type Page = (typeof PAGES)[number];

/** The way to the daemon. */
export type Link =
  | { readonly state: 'up' }
  /** Since when, epoch milliseconds, and what went wrong. */
  | { readonly state: 'gone'; readonly since: number };

/** What came from the daemon. */
export interface Live {
  /** Epoch milliseconds of the last stats; 0 before the first. */
  readonly at: number;
  readonly apps: readonly AppSnapshot[];
  readonly history: readonly Sample[];
  /** Newest last. */
  readonly events: readonly LbEvent[];
  readonly machine: Machine | null;
}

/** An order to the daemon: `POST /v1/apps/:name/:action`. */
export interface AppRequest {
  readonly app: string;
  readonly action: 'start' | 'reload' | 'restart' | 'stop' | 'scale' | 'balance' | 'weight' | 'signal';
  readonly body: object;
}

/** What stands in the line above the footer and takes the keys. */
export type Dialog =
  | { readonly kind: 'confirm'; readonly question: string; readonly order: AppRequest }
  | { readonly kind: 'input'; readonly purpose: 'filter' | 'search'; readonly text: string }
  | {
      readonly kind: 'input';
      readonly purpose: 'weight';
      readonly text: string;
      readonly app: string;
      readonly slot: number /** Why what was typed last is none. */;
      readonly problem: string | null;
    }
  | { readonly kind: 'choice'; readonly app: string; readonly options: readonly BalanceStrategy[]; readonly index: number };

interface Sorting {
  /** Index of a column that can be sorted by. */
  readonly by: number;
  readonly reversed: boolean;
}

/** The result of the last order, or why a key did nothing. */
export interface Notice {
  readonly text: string;
  readonly kind: 'info' | 'good' | 'bad';
}

/** Everything the screen shows, and nothing it does not. */
export interface Model {
  readonly columns: number;
  readonly rows: number;
  readonly live: Live;
  /** What is shown instead while it is paused. */
  readonly paused: Live | null;
  readonly link: Link;
  /** Wall clock, epoch milliseconds. */
  readonly now: number;
  readonly page: Page;
  /** The app the cursor is on, or that is open; null without apps. */
  readonly app: string | null;
  /** The worker the cursor is on; when it is gone, its successor. */
  readonly worker: { readonly pid: number; readonly slot: number } | null;
  /** Index in `MEASURES`. */
  readonly measure: number;
  readonly sorting: { readonly apps: Sorting; readonly workers: Sorting };
  /** What rows must have; of log lines see `logs`. */
  readonly filters: { readonly apps: string; readonly workers: string };
  readonly logs: LogsState;
  /** Where `logs` goes back to. */
  readonly logsFrom: 'apps' | 'app';
  readonly help: boolean;
  /** One frame for a script: no cursor, no keys. */
  readonly still: boolean;
  readonly dialog: Dialog | null;
  readonly notice: Notice | null;
  /** When it came, as `now`; after some seconds it makes room. */
  readonly noticeAt: number;
}

/** Something for the program to do that is not on the screen. */
export type Effect =
  | { readonly do: 'quit' }
  | { readonly do: 'suspend' }
  /** The terminal shows something else: all of it is written again. */
  | { readonly do: 'redraw' }
  | { readonly do: 'order'; readonly order: AppRequest }
  /** Follow the log of that app, or of none. */
  | { readonly do: 'follow'; readonly app: string | null };

export interface Update {
  readonly model: Model;
  readonly effects: readonly Effect[];
}

export interface ModelOptions {
  readonly columns: number;
  readonly rows: number;
  readonly now: number;
  /** Opens the page of this app. */
  readonly app: string | null;
}

export function initialModel({ columns, rows, now, app }: ModelOptions): Model {
  return {
    columns,
    rows,
    now,
    live: { at: 0, apps: [], history: [], events: [], machine: null },
    paused: null,
    link: { state: 'up' },
    page: app === null ? 'apps' : 'app',
    app,
    worker: null,
    measure: 0,
    sorting: { apps: { by: 0, reversed: false }, workers: { by: 0, reversed: false } },
    filters: { apps: '', workers: '' },
    logs: emptyLogs(),
    logsFrom: 'apps',
    help: false,
    still: false,
    dialog: null,
    notice: null,
    noticeAt: now,
  };
}

/** What is looked for on the page that is open. */
export function filterOf({ page, filters, logs }: Model): string {
  return page === 'logs' ? logs.filter : page === 'app' ? filters.workers : filters.apps;
}

export function withFilter(model: Model, text: string): Model {
  if (model.page === 'logs') return { ...model, logs: lookedAt({ ...model.logs, filter: text }, 0) };
  return { ...model, filters: { ...model.filters, [model.page === 'app' ? 'workers' : 'apps']: text } };
}

/** Stats come every second; later than this they are missed. */
const SILENT_MS = 4_000;

/** The daemon is there and says nothing: it is stopped, or the machine has no time for it. */
export const isSilent = ({ at }: Live, now: number): boolean => at > 0 && now - at > SILENT_MS;

/** What is on the screen: the present, or where it was paused. */
export const shown = (model: Model): Live => model.paused ?? model.live;

/** The app that is chosen, if it is still there. */
export const chosenApp = (model: Model): AppSnapshot | undefined => shown(model).apps.find(({ name }) => name === model.app);
