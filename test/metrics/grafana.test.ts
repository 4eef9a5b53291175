import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { appFamilies } from '../../src/metrics/app-families.ts';
import { families } from '../../src/metrics/prometheus.ts';
import { app } from '../client/samples.ts';
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
});

it('docs/metrics.md names every metric, with its type, and no other', () => {
  const text = readFileSync(pathOf('docs/metrics.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(lb_[a-z0-9_]+)`[^|]*\| (counter|gauge|histogram) \|/gm)].map(([, name, type]) => `${name} ${type}`);
  expect(rows.sort()).toEqual(known.map(({ name, type }) => `${name} ${type}`).sort());
});

it('the example of a Prometheus configuration is one, for the address of the docs', (context) => {
  const file = pathOf('examples/grafana/prometheus.yml');
  expect(parse(readFileSync(file, 'utf8'))).toMatchObject({ scrape_configs: [{ static_configs: [{ targets: ['127.0.0.1:9615'] }] }] });
  const promtool = needsPackage(context, PROMTOOL);
  expect(execFileSync(promtool, ['check', 'config', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })).toContain('SUCCESS');
});
