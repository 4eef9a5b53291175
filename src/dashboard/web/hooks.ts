import { useEffect, useMemo, useState } from 'preact/hooks';
import { History, type HistoryQuery } from './history.ts';
import { parseRoute, type Route } from './route.ts';
import { store } from './store.ts';

/** Re-renders the component when the store changes. */
export function useStore(): typeof store {
  const [, draw] = useState(0);
  useEffect(() => store.onChange(() => draw((n) => n + 1)), []);
  return store;
}

/** The route in the URL. */
export function useRoute(): Route {
  const [route, set] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const onHash = ({ oldURL, newURL }: HashChangeEvent): void => {
      set(parseRoute(location.hash));
      // Another time range of the same page keeps the scroll position.
      if (pageOf(oldURL) !== pageOf(newURL)) scrollTo(0, 0);
    };
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  return route;
}

const pageOf = (url: string): string | undefined => new URL(url).hash.split('?')[0];

/** The daemon's history, continued with live stats while the component is mounted. */
export function useHistory(query: HistoryQuery): History {
  const history = useMemo(() => new History(query), [JSON.stringify(query)]);
  useEffect(() => store.follow(history), [history]);
  return history;
}

/** Counts changes of the colour scheme. */
export function useTheme(): number {
  const [changes, set] = useState(0);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const onChange = (): void => set((n) => n + 1);
    dark.addEventListener('change', onChange);
    return () => dark.removeEventListener('change', onChange);
  }, []);
  return changes;
}
