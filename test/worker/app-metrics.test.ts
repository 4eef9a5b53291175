import client from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { parseAppMetrics } from '../../src/metrics/read-app-metrics.ts';
import { readAppMetrics } from '../../src/worker/app-metrics.ts';

afterEach(() => client.register.clear());

const metrics = async (): Promise<unknown> => parseAppMetrics((await readAppMetrics()) ?? '')?.metrics;

it('reads the default registry of prom-client, with the names of its series', async () => {
  new client.Counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['kind'] }).inc({ kind: 'a' }, 2);
  new client.Gauge({ name: 'depth', help: 'Depth.', aggregator: 'max' }).set(4);
  new client.Histogram({ name: 'took', help: 'Time.', buckets: [1] }).observe(3);
  expect(await metrics()).toEqual([
    { name: 'jobs_total', help: 'Jobs.', type: 'counter', aggregator: 'sum', values: [{ suffix: '', labels: { kind: 'a' }, value: 2 }] },
    { name: 'depth', help: 'Depth.', type: 'gauge', aggregator: 'max', values: [{ suffix: '', labels: {}, value: 4 }] },
    {
      name: 'took',
      help: 'Time.',
      type: 'histogram',
      aggregator: 'sum',
      values: [
        { suffix: '_bucket', labels: { le: 1 }, value: 0 },
        { suffix: '_bucket', labels: { le: '+Inf' }, value: 1 },
        { suffix: '_sum', labels: {}, value: 3 },
        { suffix: '_count', labels: {}, value: 1 },
      ],
    },
  ]);
});

it('returns nothing for an empty registry', async () => {
  expect(await metrics()).toEqual([]);
});

it('returns null for more than a megabyte, or if a metric fails', async () => {
  const jobs = new client.Counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['kind'] });
  for (let i = 0; i < 20_000; i++) jobs.inc({ kind: `kind ${i}` });
  expect(await readAppMetrics()).toBeNull();
  client.register.clear();
  new client.Gauge({
    name: 'depth',
    help: 'Depth.',
    collect: () => {
      throw new Error('broken');
    },
  });
  expect(await readAppMetrics()).toBeNull();
});
