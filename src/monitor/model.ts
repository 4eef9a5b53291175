import type { BalanceStrategy } from '../lifecycle/balance-strategy.ts';
import type { LbEvent } from '../protocol/control.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { Sample } from './history.ts';
import { emptyLogs, scrolledTo, type LogsState } from './logs-state.ts';
import type { Machine } from './machine.ts';

export const PAGES = ['apps', 'app', 'logs'] as const;
export type Page = (typeof PAGES)[number];

/** The connection to the daemon. */
export type Link =
  | { readonly state: 'up' }
  /** `since`: epoch milliseconds. */
  | { readonly state: 'gone'; readonly since: number };

/** Data from the daemon. */
export interface Live {
  /** Epoch milliseconds of the last stats; 0 before the first. */
  readonly at: number;
  readonly apps: readonly AppSnapshot[];
  readonly history: readonly Sample[];
  /** Newest last. */
  readonly events: readonly LbEvent[];
  readonly machine: Machine | null;
}

/** A request to the daemon: `POST /v1/apps/:name/:action`. */
export interface AppRequest {
  readonly app: string;
  readonly action: 'start' | 'reload' | 'restart' | 'stop' | 'scale' | 'balance' | 'weight' | 'signal';
  readonly body: object;
}

/** The line above the footer, which gets all keys. */
export type Dialog =
  | { readonly kind: 'confirm'; readonly question: string; readonly order: AppRequest }
  | { readonly kind: 'input'; readonly purpose: 'filter' | 'search'; readonly text: string }
  | {
      readonly kind: 'input';
      readonly purpose: 'weight';
      readonly text: string;
      readonly app: string;
      readonly slot: number;
      /** Why the input is invalid. */
      readonly problem: string | null;
    }
  | { readonly kind: 'choice'; readonly app: string; readonly options: readonly BalanceStrategy[]; readonly index: number };

interface Sorting {
  /** Index among the sortable columns. */
  readonly by: number;
  readonly reversed: boolean;
}

/** The result of the last request, or why a key did nothing. */
export interface Notice {
  readonly text: string;
  readonly kind: 'info' | 'good' | 'bad';
}

/** The state of the monitor; the screen is a function of it. */
export interface Model {
  readonly columns: number;
  readonly rows: number;
  readonly live: Live;
  /** The data to show while paused. */
  readonly paused: Live | null;
  readonly link: Link;
  /** Wall clock, epoch milliseconds. */
  readonly now: number;
  readonly page: Page;
  /** The selected or open app; null without apps. */
  readonly app: string | null;
  /** The selected worker; its successor in the slot once it is gone. */
  readonly worker: { readonly pid: number; readonly slot: number } | null;
  /** Index in `MEASURES`. */
  readonly measure: number;
  readonly sorting: { readonly apps: Sorting; readonly workers: Sorting };
  /** Filters of the tables; `logs` has that of the log. */
  readonly filters: { readonly apps: string; readonly workers: string };
  readonly logs: LogsState;
  /** The page that Esc returns to from `logs`. */
  readonly logsFrom: 'apps' | 'app';
  readonly help: boolean;
  /** A single frame for a script: no cursor, no keys. */
  readonly still: boolean;
  readonly dialog: Dialog | null;
  readonly notice: Notice | null;
  /** When `notice` was set; it is removed after some seconds. */
  readonly noticeAt: number;
}

/** A side effect of an update. */
export type Effect =
  | { readonly do: 'quit' }
  | { readonly do: 'suspend' }
  /** Redraw the whole screen. */
  | { readonly do: 'redraw' }
  | { readonly do: 'order'; readonly order: AppRequest }
  /** Follow the log of this app; null for none. */
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

/** The filter of the current page. */
export function filterOf({ page, filters, logs }: Model): string {
  return page === 'logs' ? logs.filter : page === 'app' ? filters.workers : filters.apps;
}

export function withFilter(model: Model, text: string): Model {
  if (model.page === 'logs') return { ...model, logs: scrolledTo({ ...model.logs, filter: text }, 0) };
  return { ...model, filters: { ...model.filters, [model.page === 'app' ? 'workers' : 'apps']: text } };
}

/** Stats come every second; after this time they are missing. */
const SILENT_MS = 4_000;

/** The daemon is connected but silent: it is suspended, or the machine is overloaded. */
export const isSilent = ({ at }: Live, now: number): boolean => at > 0 && now - at > SILENT_MS;

/** The data on the screen: current, or as of the pause. */
export const shown = (model: Model): Live => model.paused ?? model.live;

/** The selected app, if it still exists. */
export const chosenApp = (model: Model): AppSnapshot | undefined => shown(model).apps.find(({ name }) => name === model.app);
