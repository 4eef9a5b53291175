import { useEffect, useMemo, useState } from 'preact/hooks';
import { History, type HistoryQuery } from './history.ts';
import { parseRoute, type Route } from './route.ts';
import { store } from './store.ts';

/** Draws the component anew when the store knows more. */
export function useStore(): typeof store {
  const [, draw] = useState(0);
  useEffect(() => store.onChange(() => draw((n) => n + 1)), []);
  return store;
}

/** The view that the URL asks for. */
export function useRoute(): Route {
  const [route, set] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const onHash = ({ oldURL, newURL }: HashChangeEvent): void => {
      set(parseRoute(location.hash));
      // Another range of the same charts leaves the reader where he is.
      if (pageOf(oldURL) !== pageOf(newURL)) scrollTo(0, 0);
    };
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  return route;
}

const pageOf = (url: string): string | undefined => new URL(url).hash.split('?')[0];

/** What the daemon remembers, going on with what comes while the component is shown. */
export function useHistory(query: HistoryQuery): History {
  const history = useMemo(() => new History(query), [JSON.stringify(query)]);
  useEffect(() => store.follow(history), [history]);
  return history;
}

/** Counts the changes between light and dark. */
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
