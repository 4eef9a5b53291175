import type { SlotMetric } from '../../protocol/history.ts';
import { METRICS, RANGES, type Range } from './measures.ts';
import { keysOf } from '../../lifecycle/keys-of.ts';

export interface AppRoute {
  readonly view: 'app';
  readonly app: string;
  readonly range: Range;
  /** The measure of the chart with a line per worker. */
  readonly measure: SlotMetric;
}

/** A page, encoded in the part of the URL after `#`. */
export type Route =
  | { readonly view: 'apps' }
  | AppRoute
  /** Null for all apps, or all workers. */
  | { readonly view: 'logs'; readonly app: string | null; readonly slot: number | null };

const DEFAULTS = { range: '10m', measure: 'cpu' } as const;

export function parseRoute(hash: string): Route {
  const [path = '', search] = hash.replace(/^#\/?/, '').split('?');
  const [view, app = '', slot = ''] = path.split('/').map(decoded);
  if (view === 'apps' && app !== '') return { ...appRoute(app), ...chosen(new URLSearchParams(search)) };
  if (view === 'logs') return { view: 'logs', app: app === '' ? null : app, slot: /^\d+$/.test(slot) ? Number(slot) : null };
  return { view: 'apps' };
}

/** The page of an app with default settings. */
export const appRoute = (app: string): AppRoute => ({ view: 'app', app, ...DEFAULTS });

export function hrefOf(route: Route): string {
  if (route.view === 'apps') return '#/';
  if (route.view === 'logs')
    return `#/logs${[route.app, route.slot]
      .filter((part) => part !== null)
      .map((part) => `/${encodeURIComponent(part)}`)
      .join('')}`;
  const { range, measure } = route;
  const search = new URLSearchParams({ ...(range === DEFAULTS.range ? {} : { range }), ...(measure === DEFAULTS.measure ? {} : { measure }) }).toString();
  return `#/apps/${encodeURIComponent(route.app)}${search === '' ? '' : `?${search}`}`;
}

function chosen(search: URLSearchParams): Pick<AppRoute, 'range' | 'measure'> {
  const range = keysOf(RANGES).find((one) => one === search.get('range'));
  const measure = METRICS.find((one) => one === search.get('measure'));
  return { range: range ?? DEFAULTS.range, measure: measure ?? DEFAULTS.measure };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
