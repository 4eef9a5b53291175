import type { AppFamily, MergedMetrics } from '../protocol/app-metrics.ts';
import type { Family, Sample } from './exposition.ts';

export interface ReportedApp {
  readonly app: string;
  readonly metrics: MergedMetrics;
}

const SERIES = ['', '_bucket', '_sum', '_count'];

/** The apps' own metrics, with the label `app`. If two apps give a metric different types, the first one wins. */
export function appFamilies(apps: readonly ReportedApp[]): Family[] {
  const families = new Map<string, Family & { readonly samples: Sample[] }>();
  const taken = new Map<string, string>();
  const leftOut = new Map(apps.map(({ app, metrics }) => [app, new Set(metrics.leftOut)]));
  for (const { app, metrics } of apps) {
    for (const own of metrics.families) {
      if (namesOf(own).some((name) => (taken.get(name) ?? own.name) !== own.name) || (families.get(own.name)?.type ?? own.type) !== own.type) {
        leftOut.get(app)?.add(own.name);
        continue;
      }
      for (const name of namesOf(own)) taken.set(name, own.name);
      const { name, help, type } = own;
      const family = families.get(name) ?? { name, help, type, samples: [] };
      families.set(name, family);
      for (const { suffix, labels, value } of own.samples) family.samples.push({ suffix, labels: { app, ...labels }, value });
    }
  }
  return [
    {
      name: 'lb_app_metrics_missing_workers',
      type: 'gauge',
      help: 'Workers whose prom-client metrics are missing in this scrape.',
      samples: apps.map(({ app, metrics }) => ({ labels: { app }, value: metrics.missing })),
    },
    {
      name: 'lb_app_metrics_left_out',
      type: 'gauge',
      help: 'Metrics of the app that were left out, entirely or partly.',
      samples: apps.map(({ app }) => ({ labels: { app }, value: leftOut.get(app)?.size ?? 0 })),
    },
    ...families.values(),
  ];
}

/** The names of its series, which no other metric may have. */
const namesOf = ({ name, type }: AppFamily): readonly string[] => (type === 'histogram' || type === 'summary' ? SERIES.map((suffix) => name + suffix) : [name]);
