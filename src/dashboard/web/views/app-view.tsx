import type { JSX } from 'preact';
import type { AppSnapshot } from '../../../protocol/snapshot.ts';
import { age, count, millis, percent, share, size } from '../format.ts';
import { Actions } from '../parts/actions.tsx';
import { Chart } from '../parts/chart.tsx';
import { Events } from '../parts/events.tsx';
import { RunPanel } from '../parts/run-panel.tsx';
import { State } from '../parts/state.tsx';
import { UnderWay } from '../parts/under-way.tsx';
import { hrefOf } from '../route.ts';
import { store } from '../store.ts';
import { Workers } from './workers.tsx';

const SHOWN_EVENTS = 30;

/** One app: what goes on, its charts, its workers, what happened to it. */
export function AppView({ app }: { readonly app: AppSnapshot }): JSX.Element {
  const { name } = app;
  const history = store.historyOf(name);
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
      <div class="charts">
        <Chart key={`${name} rps`} title="Requests/s" series={history.rps} format={count} />
        <Chart key={`${name} p95`} title="p95" series={history.p95} format={millis} />
        <Chart key={`${name} cpu`} title="CPU" series={history.cpu} format={percent} />
        <Chart key={`${name} memory`} title="Memory" series={history.memory} format={size} binary />
        <Chart key={`${name} connections`} title="Connections" series={history.connections} format={count} />
        <dl class="panel more">
          <Fact label="p50" value={millis(app.p50Ms)} />
          <Fact label="p99" value={millis(app.p99Ms)} />
          <Fact label="5xx" value={share(app.errorRate)} />
          <Fact label="Restarts" value={count(app.restarts)} />
          <Fact label="Waiting" value={count(app.queued)} />
          <Fact label="Generation" value={String(app.generation)} />
        </dl>
      </div>
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

function Fact({ label, value }: { readonly label: string; readonly value: string }): JSX.Element {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
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
