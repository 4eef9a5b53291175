import type { JSX } from 'preact';
import type { AppSnapshot } from '../../../protocol/snapshot.ts';
import { age } from '../format.ts';
import { Actions } from '../parts/actions.tsx';
import { Events } from '../parts/events.tsx';
import { RunPanel } from '../parts/run-panel.tsx';
import { State } from '../parts/state.tsx';
import { UnderWay } from '../parts/under-way.tsx';
import { hrefOf, type AppRoute } from '../route.ts';
import { store } from '../store.ts';
import { Charts } from './charts.tsx';
import { Workers } from './workers.tsx';

const SHOWN_EVENTS = 30;

/** One app: current activity, charts, workers, events. */
export function AppView({ app, route }: { readonly app: AppSnapshot; readonly route: AppRoute }): JSX.Element {
  const { name } = app;
  const run = store.runs.get(name);
  return (
    <>
      <header class="app-head">
        <div>
          <h1>
            {name} <State of={app.state} />
          </h1>
          <p class="facts">{factsOf(app).join(' · ')}</p>
        </div>
        {store.actions ? <Actions app={app} /> : null}
      </header>
      {run === undefined ? null : <RunPanel run={run} />}
      <UnderWay app={app} isFollowed={run?.result === null} />
      <Charts app={app} route={route} />
      <section class="panel" aria-labelledby="workers-title">
        <h2 id="workers-title">
          Workers
          <a href={hrefOf({ view: 'logs', app: name, slot: null })}>Logs</a>
        </h2>
        <Workers app={app} />
      </section>
      <Events events={store.events.filter((event) => event.app === name).slice(0, SHOWN_EVENTS)} />
    </>
  );
}

function factsOf(app: AppSnapshot): string[] {
  return [
    `${app.ready} of ${app.instances} ready`,
    app.autoscaling?.on === true ? `autoscaled, ${app.autoscaling.min} to ${app.autoscaling.max}` : '',
    app.spec.balance,
    app.listeners.join(', '),
    app.uptimeMs === null ? '' : `up ${age(app.uptimeMs)}`,
    app.node === '' ? '' : `Node.js ${app.node}`,
  ].filter((fact) => fact !== '');
}
