import { afterEach, expect, it, vi } from 'vitest';
import type { MergedMetrics } from '../../../src/protocol/app-metrics.ts';
import type { ToWorker } from '../../../src/protocol/worker.ts';
import type { FakeWorker } from '../fake-workers.ts';
import { PrimaryHarness, type Ordered } from '../primary-harness.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const text = (count: number): string =>
  JSON.stringify([
    { name: 'jobs_total', help: 'Jobs.', type: 'counter', aggregator: 'sum', values: [{ suffix: '', labels: {}, value: count }] },
    { name: 'lb_mine', help: 'Mine.', type: 'gauge', aggregator: 'sum', values: [] },
  ]);

/** The ids of the requests it got. */
function requestIds(worker: FakeWorker): number[] {
  const ids: number[] = [];
  const send = worker.send.bind(worker);
  vi.spyOn(worker, 'send').mockImplementation((message: ToWorker | string, ...rest: readonly unknown[]) => {
    if (typeof message === 'object' && message.t === 'app-metrics') ids.push(message.id);
    return send(message, ...rest);
  });
  return ids;
}

const metricsOf = ({ answer }: Ordered): MergedMetrics | null => (answer?.kind === 'app-metrics' ? answer.metrics : null);
const jobs = (ordered: Ordered): number | undefined => metricsOf(ordered)?.families[0]?.samples[0]?.value;

it('are collected from each worker, and counters of a silent worker are kept', async () => {
  const app = await PrimaryHarness.online();
  const [one, two] = app.workers as [FakeWorker, FakeWorker];
  const [ids] = [requestIds(one), requestIds(two)];
  const tell = (worker: FakeWorker, count: number, id = ids.at(-1)): void => worker.tell({ t: 'app-metrics', id, text: text(count) });
  const scrape = async (): Promise<Ordered> => {
    const ordered = app.order({ kind: 'app-metrics' });
    await app.advance(10);
    return ordered;
  };
  const whole = await scrape();
  const shared = await scrape();
  tell(one, 3);
  tell(two, 4);
  await app.advance(10);
  expect(ids).toHaveLength(1);
  expect([jobs(whole), metricsOf(whole)?.missing, metricsOf(whole)?.leftOut]).toEqual([7, 0, ['lb_mine']]);
  expect(metricsOf(shared)).toEqual(metricsOf(whole));

  const partial = await scrape();
  tell(one, 5);
  tell(two, 99, ids[0]);
  await app.advance(900);
  expect(partial.answer).toBeNull();
  await app.advance(100);
  expect([jobs(partial), metricsOf(partial)?.missing]).toEqual([9, 1]);

  const without = await scrape();
  two.end(1, null);
  tell(one, 6);
  await app.advance(10);
  expect(jobs(without)).toBe(10);
});
