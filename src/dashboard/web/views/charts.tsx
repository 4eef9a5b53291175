import type { JSX } from 'preact';
import { RESOLUTIONS } from '../../../protocol/history.ts';
import type { AppSnapshot } from '../../../protocol/snapshot.ts';
import { count, millis, share } from '../format.ts';
import { useHistory } from '../hooks.ts';
import { APP_MEASURES, MEASURES, METRICS, RANGES, type Range } from '../measures.ts';
import { Chart } from '../parts/chart.tsx';
import { Choice } from '../parts/choice.tsx';
import { hrefOf, type AppRoute } from '../route.ts';
import { keysOf } from '../../../lifecycle/keys-of.ts';

const TITLES: Readonly<Record<Range, string>> = { '10m': '10 min', '2h': '2 h', '24h': '24 h' };

/** Charts of one app, and of its workers, over the selected time range. */
export function Charts({ app, route }: { readonly app: AppSnapshot; readonly route: AppRoute }): JSX.Element {
  const { name } = app;
  const resolution = RANGES[route.range];
  const { points } = RESOLUTIONS[resolution];
  const ofApp = useHistory({ level: 'app', app: name, metrics: APP_MEASURES, resolution, points });
  const ofSlots = useHistory({ level: 'slot', app: name, metrics: [route.measure], resolution, points });
  const { slots } = ofSlots;
  const ranges = keysOf(RANGES).map((range) => [TITLES[range], hrefOf({ ...route, range })] as const);
  const measures = METRICS.map((measure) => [MEASURES[measure].title, hrefOf({ ...route, measure })] as const);
  const chosen = MEASURES[route.measure];
  return (
    <>
      <Choice label="Time range of the charts" choices={ranges} chosen={TITLES[route.range]} />
      <div class="charts">
        {APP_MEASURES.map((metric) => (
          <div key={metric} class="panel">
            <Chart measure={MEASURES[metric]} times={ofApp.times} lines={[ofApp.line(name, metric)]} />
          </div>
        ))}
        <dl class="panel more">
          <Fact label="p50" value={millis(app.p50Ms)} />
          <Fact label="p99" value={millis(app.p99Ms)} />
          <Fact label="5xx" value={share(app.errorRate)} />
          <Fact label="Restarts" value={count(app.restarts)} />
          <Fact label="Recycled" value={count(app.recycles ?? 0)} />
          <Fact label="Waiting" value={count(app.queued)} />
          <Fact label="Generation" value={String(app.generation)} />
        </dl>
      </div>
      <section class="panel" aria-labelledby="per-worker-title">
        <h2 id="per-worker-title">
          Per worker
          <Choice label="Measure of the chart per worker" choices={measures} chosen={chosen.title} />
        </h2>
        <Chart measure={chosen} times={ofSlots.times} lines={slots.map((slot) => ofSlots.line(name, route.measure, slot))} slots={slots} />
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
