/** What the page shows, as the part of the URL after `#` says. */
export type Route =
  | { readonly view: 'apps' }
  | { readonly view: 'app'; readonly app: string }
  /** Null is all apps, and all workers. */
  | { readonly view: 'logs'; readonly app: string | null; readonly slot: number | null };

export function parseRoute(hash: string): Route {
  const [view, app = '', slot = ''] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  if (view === 'apps' && app !== '') return { view: 'app', app };
  if (view === 'logs') return { view: 'logs', app: app === '' ? null : app, slot: /^\d+$/.test(slot) ? Number(slot) : null };
  return { view: 'apps' };
}

export function hrefOf(route: Route): string {
  if (route.view === 'apps') return '#/';
  if (route.view === 'app') return `#/apps/${encodeURIComponent(route.app)}`;
  return `#/logs${[route.app, route.slot].filter((part) => part !== null).map((part) => `/${encodeURIComponent(part)}`).join('')}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
