import type { JSX } from 'preact';
import { plural } from '../../../lifecycle/wording.ts';
import type { AppSnapshot } from '../../../protocol/snapshot.ts';
import { count, millis, percent, share, size } from '../format.ts';
import type { History } from '../history.ts';
import { useHistory } from '../hooks.ts';
import { Events } from '../parts/events.tsx';
import { Sparkline, SPARKLINE_POINTS } from '../parts/sparkline.tsx';
import { State } from '../parts/state.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { appRoute, hrefOf } from '../route.ts';
import { store } from '../store.ts';

const SHOWN_EVENTS = 40;

const columnsOf = (history: History): readonly Column<AppSnapshot>[] => [
  {
    title: 'App',
    text: true,
    value: (app) => (
      <>
        <a class="row-link" href={hrefOf(appRoute(app.name))}>
          {app.name}
        </a>
        <State of={app.state} />
      </>
    ),
  },
  { title: 'Workers', value: (app) => `${app.ready}/${app.instances}`, alarm: (app) => app.state !== 'stopped' && app.ready < app.instances },
  {
    title: 'Requests/s',
    value: (app) => (
      <span class="with-line">
        <Sparkline values={history.line(app.name, 'rps').values} />
        <b>{count(app.requestsPerSecond)}</b>
      </span>
    ),
  },
  { title: 'p50', value: (app) => millis(app.p50Ms) },
  { title: 'p95', value: (app) => millis(app.p95Ms) },
  { title: 'p99', value: (app) => millis(app.p99Ms) },
  { title: '5xx', value: (app) => share(app.errorRate), alarm: (app) => (app.errorRate ?? 0) > 0 },
  { title: 'Connections', value: (app) => count(app.connections) },
  { title: 'CPU', value: (app) => percent(app.cpuPercent) },
  { title: 'Memory', value: (app) => size(app.memoryBytes) },
  { title: 'Restarts', value: (app) => count(app.restarts), alarm: (app) => app.restarts > 0 },
];

const SPARKLINES = { level: 'app', app: null, metrics: ['rps'], resolution: '1s', points: SPARKLINE_POINTS } as const;

/** All apps, and recent events. */
export function AppsView({ apps }: { readonly apps: readonly AppSnapshot[] }): JSX.Element {
  const columns = columnsOf(useHistory(SPARKLINES));
  if (apps.length === 0) {
    return (
      <p class="panel empty">
        No apps yet. Start one with <code>lb start server.js</code>.
      </p>
    );
  }
  return (
    <>
      <Totals apps={apps} />
      <section class="panel apps">
        <Table label="Apps" rows={apps} columns={columns} keyOf={(app) => app.name} />
      </section>
      <Events events={store.events.slice(0, SHOWN_EVENTS)} withApp />
    </>
  );
}

function Totals({ apps }: { readonly apps: readonly AppSnapshot[] }): JSX.Element {
  const sum = (value: (app: AppSnapshot) => number | null): number => apps.reduce((total, app) => total + (value(app) ?? 0), 0);
  const facts = [
    [
      plural(apps.length, 'app'),
      `${plural(
        sum((app) => app.ready),
        'worker',
      )} ready`,
    ],
    [count(sum((app) => app.requestsPerSecond)), 'requests/s'],
    [count(sum((app) => app.connections)), 'connections'],
    [percent(sum((app) => app.cpuPercent)), 'CPU, of one core'],
    [size(sum((app) => app.memoryBytes)), 'memory'],
  ];
  return (
    <dl class="totals">
      {facts.map(([value, label]) => (
        <div key={label}>
          <dd>{value}</dd>
          <dt>{label}</dt>
        </div>
      ))}
    </dl>
  );
}
