import { render, type JSX } from 'preact';
import { useRoute, useStore } from './hooks.ts';
import { hrefOf, type Route } from './route.ts';
import { store } from './store.ts';
import { AppView } from './views/app-view.tsx';
import { AppsView } from './views/apps-view.tsx';
import { LogsView } from './views/logs-view.tsx';

function App(): JSX.Element {
  const { apps, trouble, actions } = useStore();
  const route = useRoute();
  document.title = [route.view === 'apps' ? 'apps' : (route.app ?? 'logs'), 'lb'].join(' · ');
  return (
    <>
      <nav class="top">
        <a class="brand" href="#/">
          lb
        </a>
        <a href="#/" aria-current={route.view === 'logs' ? undefined : 'page'}>
          Apps
        </a>
        <a href={hrefOf({ view: 'logs', app: route.view === 'apps' ? null : route.app, slot: null })} aria-current={route.view === 'logs' ? 'page' : undefined}>
          Logs
        </a>
        <span class={`live ${trouble === null ? 'good' : 'bad'}`}>{trouble === null ? (actions ? 'live' : 'live, read-only') : 'reconnecting'}</span>
      </nav>
      <div role="alert">{trouble === null ? null : <p class="trouble">{trouble}</p>}</div>
      <main class={trouble === null ? '' : 'stale'}>{apps === null ? <p class="empty">Waiting for the daemon…</p> : <View apps={apps} route={route} />}</main>
    </>
  );
}

function View({ apps, route }: { readonly apps: NonNullable<typeof store.apps>; readonly route: Route }): JSX.Element {
  if (route.view === 'logs') return <LogsView apps={apps} route={route} />;
  if (route.view === 'apps') return <AppsView apps={apps} />;
  const app = apps.find(({ name }) => name === route.app);
  return app === undefined ? <p class="panel empty">There is no app named “{route.app}”.</p> : <AppView app={app} route={route} />;
}

// The cookie has replaced the token, so hide it from the address bar.
history.replaceState(null, '', location.pathname + location.hash);
store.connect();
const root = document.getElementById('root');
if (root !== null) render(<App />, root);
