import { expect, it } from 'vitest';
import { appFamilies, type ReportedApp } from '../../src/metrics/app-families.ts';
import { exposition } from '../../src/metrics/exposition.ts';
import type { AppFamily } from '../../src/protocol/app-metrics.ts';

const family = (name: string, type: AppFamily['type'], suffix = ''): AppFamily => ({
  name,
  type,
  help: `About ${name}.`,
  samples: [{ suffix, labels: { kind: 'a' }, value: 1 }],
});
const app = (name: string, ...families: AppFamily[]): ReportedApp => ({ app: name, metrics: { families, missing: 0, leftOut: [] } });

it('puts the same metric of several apps together', () => {
  const text = exposition(appFamilies([app('api', family('jobs_total', 'counter')), app('web', family('jobs_total', 'counter'))]));
  expect(text).toContain('# TYPE jobs_total counter\njobs_total{app="api",kind="a"} 1\njobs_total{app="web",kind="a"} 1\n');
});

it.each([
  ['another type', family('jobs', 'gauge'), family('jobs', 'counter')],
  ['a name that is a line of another metric', family('took', 'histogram', '_count'), family('took_count', 'counter')],
  ['lines that are another metric', family('took_count', 'counter'), family('took', 'summary', '_count')],
])('leaves out and counts %s', (_, first, second) => {
  const families = appFamilies([app('api', first), app('web', second)]);
  expect(families.slice(2).map(({ name, type }) => [name, type])).toEqual([[first.name, first.type]]);
  expect(exposition(families)).toContain('lb_app_metrics_left_out{app="api"} 0\nlb_app_metrics_left_out{app="web"} 1\n');
});

it('tells which workers are missing, and nothing when no app shares its metrics', () => {
  expect(exposition(appFamilies([{ app: 'api', metrics: { families: [], missing: 2, leftOut: ['x'] } }]))).toContain(
    'lb_app_metrics_missing_workers{app="api"} 2\n',
  );
  expect(exposition(appFamilies([]))).toBe('');
});
