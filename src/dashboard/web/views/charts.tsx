import type { JSX } from 'preact';
import { RESOLUTIONS } from '../../../protocol/history.ts';
import type { AppSnapshot } from '../../../protocol/snapshot.ts';
import { count, millis, share } from '../format.ts';
import { useHistory } from '../hooks.ts';
import { MEASURES, METRICS, RANGES, type Range } from '../measures.ts';
import { Chart } from '../parts/chart.tsx';
import { Choice } from '../parts/choice.tsx';
import { hrefOf, type AppRoute } from '../route.ts';

const TITLES: Readonly<Record<Range, string>> = { '10m': '10 min', '2h': '2 h', '24h': '24 h' };

/** One app over the chosen time, and its workers beside each other. */
export function Charts({ app, route }: { readonly app: AppSnapshot; readonly route: AppRoute }): JSX.Element {
  const { name } = app;
  const resolution = RANGES[route.range];
  const history = useHistory({ app: name, metrics: METRICS, resolution, points: RESOLUTIONS[resolution].points });
  const { times, slots } = history;
  const ranges = (Object.keys(RANGES) as Range[]).map((range) => [TITLES[range], hrefOf({ ...route, range })] as const);
  const measures = METRICS.map((measure) => [MEASURES[measure].title, hrefOf({ ...route, measure })] as const);
  const chosen = MEASURES[route.measure];
  return (
    <>
      <Choice label="Time that the charts show" choices={ranges} chosen={TITLES[route.range]} />
      <div class="charts">
        {METRICS.filter((metric) => metric !== 'elu').map((metric) => (
          <div key={metric} class="panel">
            <Chart measure={MEASURES[metric]} times={times} lines={[history.line(name, metric)]} />
          </div>
        ))}
        <dl class="panel more">
          <Fact label="p50" value={millis(app.p50Ms)} />
          <Fact label="p99" value={millis(app.p99Ms)} />
          <Fact label="5xx" value={share(app.errorRate)} />
          <Fact label="Restarts" value={count(app.restarts)} />
          <Fact label="Waiting" value={count(app.queued)} />
          <Fact label="Generation" value={String(app.generation)} />
        </dl>
      </div>
      <section class="panel" aria-labelledby="per-worker-title">
        <h2 id="per-worker-title">
          Per worker
          <Choice label="Measure of the chart per worker" choices={measures} chosen={chosen.title} />
        </h2>
        <Chart measure={chosen} times={times} lines={slots.map((slot) => history.line(name, route.measure, slot))} slots={slots} />
      </section>
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
