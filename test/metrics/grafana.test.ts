import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { appFamilies } from '../../src/metrics/app-families.ts';
import { exposition } from '../../src/metrics/exposition.ts';
import { families } from '../../src/metrics/prometheus.ts';
import { NO_TOTALS } from '../../src/metrics/totals.ts';
import { EXIT_CAUSES } from '../../src/protocol/totals.ts';
import { app } from '../client/samples.ts';
import { tempDir } from '../config/temp-dir.ts';
import { needsPackage } from '../helpers/debian-package.ts';
import { PROMTOOL } from '../helpers/prometheus.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const known = [...families([app()], { version: '1', node: '22', startedAtSeconds: 1, residentBytes: 1 }), ...appFamilies([])];
const names = new Set(known.flatMap(({ name, type }) => (type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name])));

interface Dashboard {
  readonly panels: readonly { readonly id: number; readonly title: string; readonly type: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

it('every panel of the Grafana dashboard asks for metrics that there are', () => {
  const text = readFileSync(pathOf('examples/grafana/dashboard.json'), 'utf8');
  const { panels } = JSON.parse(text) as Dashboard;
  const asked = [...text.matchAll(/\blb_[a-z0-9_]+/g)].map(([name]) => name);
  expect(asked.filter((name) => !names.has(name))).toEqual([]);
  expect(panels.filter(({ type, targets }) => type !== 'row' && (targets ?? []).length === 0)).toEqual([]);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const selectors = panels.flatMap(({ targets = [] }) => targets).flatMap(({ expr }) => expr.match(/\blb_[a-z0-9_]+(?:\{[^}]*\})?/g) ?? []);
  expect(selectors.filter((selector) => !selector.includes('{instance=~"$instance",app=~"$app"'))).toEqual([]);
});

it('docs/metrics.md names every metric, with its type, and no other', () => {
  const text = readFileSync(pathOf('docs/metrics.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(lb_[a-z0-9_]+)`[^|]*\| (counter|gauge|histogram) \|/gm)].map(([, name, type]) => `${name} ${type}`);
  expect(rows.sort()).toEqual(known.map(({ name, type }) => `${name} ${type}`).sort());
});

it('docs/metrics.md names every cause of an exit', () => {
  const row = /^\| `lb_worker_exits_total`.*$/m.exec(readFileSync(pathOf('docs/metrics.md'), 'utf8'))?.[0] ?? '';
  expect(EXIT_CAUSES.filter((cause) => !row.includes(`\`${cause}\``))).toEqual([]);
});

it('the first crash of an app is seen by the alert of the docs and by the panel', (context) => {
  const promtool = needsPackage(context, PROMTOOL);
  const alert = /increase\(lb_worker_exits_total\S+\) > 0/.exec(readFileSync(pathOf('docs/metrics.md'), 'utf8'))?.[0].replaceAll('\\|', '|');
  const { panels } = JSON.parse(readFileSync(pathOf('examples/grafana/dashboard.json'), 'utf8')) as Dashboard;
  const panel = panels
    .flatMap(({ targets }) => targets ?? [])
    .find(({ expr }) => expr.includes('lb_worker_exits_total'))
    ?.expr.replace('$instance', '.*')
    .replace('$app', '.*')
    .replace('$__rate_interval', '1m');
  const scraped = (exits: object): string | undefined =>
    exposition(families([app({ totals: { ...NO_TOTALS, exits } })], { version: '1', node: '22', startedAtSeconds: 1, residentBytes: 1 }))
      .split('\n')
      .find((line) => line.includes('"crashed"'));
  const [series, before] = scraped({})?.split(' ') ?? [];
  const after = scraped({ crashed: 1 })?.split(' ')[1];
  const rule = (record: string, expr: string | undefined): object => ({ record, expr });
  const isSeen = (expr: string): object => ({ expr: `count(${expr} > 0)`, eval_time: '150s', exp_samples: [{ labels: '{}', value: 1 }] });
  const directory = tempDir({
    'rules.yml': JSON.stringify({ groups: [{ name: 'lb', rules: [rule('alert', alert), rule('panel', panel)] }] }),
    'test.yml': JSON.stringify({
      rule_files: ['rules.yml'],
      evaluation_interval: '15s',
      tests: [{ interval: '15s', input_series: [{ series, values: `${before}x8 ${after}x8` }], promql_expr_test: [isSeen('alert'), isSeen('panel')] }],
    }),
  });
  expect(execFileSync(promtool, ['test', 'rules', 'test.yml'], { cwd: directory, encoding: 'utf8', stdio: 'pipe' })).toContain('SUCCESS');
});

it('the example of a Prometheus configuration is one, for the address of the docs', (context) => {
  const file = pathOf('examples/grafana/prometheus.yml');
  expect(parse(readFileSync(file, 'utf8'))).toMatchObject({ scrape_configs: [{ static_configs: [{ targets: ['127.0.0.1:9615'] }] }] });
  const promtool = needsPackage(context, PROMTOOL);
  expect(execFileSync(promtool, ['check', 'config', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })).toContain('SUCCESS');
});
