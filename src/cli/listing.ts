import { parseAppsWithWorkers, parseListedApps, parseNotes } from '../client/parse-list.ts';
import type { Context } from './context.ts';
import { terminalWidth } from './io.ts';
import { listView, workerListView } from './output/list-view.ts';
import type { ListedApp } from '../protocol/listed-app.ts';

/** Name and aliases of `lb list`. */
export const LIST_NAMES: readonly string[] = ['list', 'ls', 'ps', 'status', 'l'];

/** What `lb list` requests from the daemon, and how it shows the answer. */
export interface Listing {
  readonly path: string;
  /** @throws LbError LB_ERR_MESSAGE */
  readonly read: (answer: unknown) => { readonly count: number; readonly text: string; readonly notes: readonly string[] };
  /** What runs another version of lb than the others. Loaded when it is asked for: the list waits for nothing else. */
  readonly programs: (answer: unknown) => Promise<readonly string[]>;
}

/** Another order than by name, and another view than the table. */
interface ListingOptions {
  readonly order?: (a: ListedApp, b: ListedApp) => number;
  readonly view?: (apps: readonly ListedApp[]) => string;
}

const byName = (a: ListedApp, b: ListedApp): number => (a.name < b.name ? -1 : 1);

/** JSON and `--workers` need complete snapshots; the table needs only what it shows. */
export function listing({ io, json, options, outStyle: style }: Context, { order = byName, view }: ListingOptions = {}): Listing {
  const table = { width: terminalWidth(io.stdout), style };
  const of = <A extends ListedApp>(path: string, read: (answer: unknown) => readonly A[], textOf: (apps: readonly A[]) => string): Listing => ({
    path,
    read: (answer) => {
      const apps = [...read(answer)].sort(order);
      return { count: apps.length, text: textOf(apps), notes: parseNotes(answer) };
    },
    programs: async (answer) => (json ? [] : (await import('./program-notes.ts')).programNotes(answer, read(answer))),
  });
  if (json) return of('/v1/apps', parseListedApps, (apps) => `${JSON.stringify(apps)}\n`);
  if (options['workers'] === true) return of('/v1/apps', parseAppsWithWorkers, (apps) => workerListView(apps, table));
  return of('/v1/list', parseListedApps, view ?? ((apps) => listView(apps, table)));
}
