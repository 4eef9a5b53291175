import { useEffect, useState } from 'preact/hooks';
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
    const onHash = (): void => {
      set(parseRoute(location.hash));
      scrollTo(0, 0);
    };
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  return route;
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
