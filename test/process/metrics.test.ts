import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import type { HistoriesAnswer, HistoryAnswer, HistorySeries } from '../../src/protocol/history.ts';
import { needsPackage } from '../helpers/debian-package.ts';
import { request } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { freePort } from '../helpers/ports.ts';
import { PROMETHEUS, PROMTOOL, startPrometheus } from '../helpers/prometheus.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

type Scrape = ReadonlyMap<string, number>;

/** Scrapes one port; whatever is a counter must not be smaller than it was in the scrape before. */
class Scraper {
  readonly #port: number;
  #last: Scrape = new Map();

  constructor(port: number) {
    this.#port = port;
  }

  async scrape(): Promise<Scrape> {
    const { status, body } = await request('/metrics', { port: this.#port });
    expect(status).toBe(200);
    const lines = body
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('#'));
    const now = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]));
    const counters = [...this.#last].filter(([name]) => /_(total|bucket|sum|count)\{/.test(name));
    expect(counters.filter(([name, value]) => !((now.get(name) ?? -1) >= value)).map(([name, value]) => `${name}: ${value}, then ${now.get(name)}`)).toEqual(
      [],
    );
    this.#last = now;
    return now;
  }

  /** Waits until so many requests have been counted, in classes and in the histogram. */
  async waitForRequests(app: string, n: number): Promise<void> {
    await sandbox.waitFor(
      `${n} counted requests of ${app}`,
      async () => {
        const now = await this.scrape();
        return requestsOf(now, app) === n && now.get(`lb_http_request_duration_seconds_count{app="${app}"}`) === n;
      },
      { context: () => `${requestsOf(this.#last, app)} requests\n${sandbox.daemonLog()}` },
    );
  }
}

function requestsOf(scrape: Scrape, app: string): number {
  const series = [...scrape].filter(([name]) => name.startsWith(`lb_http_requests_total{app="${app}",`));
  return series.reduce((sum, [, value]) => sum + value, 0);
}

async function send(port: number, n: number): Promise<void> {
  for (let i = 0; i < n; i++) expect((await request('/', { port })).status).toBe(200);
}

async function serveMetrics(): Promise<number> {
  const port = await freePort();
  const { stdout } = await sandbox.ok('metrics', '--listen', String(port));
  expect(stdout).toBe(`the metrics are served at http://127.0.0.1:${port}/metrics\n`);
  return port;
}

it('counters go on over the death of workers, a reload, and the death of primary and daemon', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const scraper = new Scraper(await serveMetrics());
  await send(port, 20);
  await scraper.waitForRequests(name, 20);

  const [victim = -1] = await sandbox.workerPids(name);
  process.kill(victim, 'SIGKILL');
  await sandbox.waitForApp(name, 'have replaced the worker', (now) => now.ready === 2 && now.restarts === 1);
  await send(port, 10);
  // The old workers tell what they counted last with their end.
  await sandbox.ok('reload', name, '--monitor', '0');
  await scraper.waitForRequests(name, 30);
  const reloaded = await scraper.scrape();
  expect(reloaded.get(`lb_worker_exits_total{app="${name}",cause="killed"}`)).toBe(1);
  expect(reloaded.get(`lb_worker_exits_total{app="${name}",cause="reload"}`)).toBe(2);
  expect(reloaded.get(`lb_restarts_total{app="${name}"}`)).toBe(1);

  const { primaryPid } = await sandbox.snapshot(name);
  process.kill(primaryPid ?? -1, 'SIGKILL');
  await sandbox.waitForApp(name, 'have another primary', (now) => now.ready === 2 && now.primaryPid !== primaryPid);
  await send(port, 5);
  await scraper.waitForRequests(name, 35);

  const [daemon, primary] = [await sandbox.daemonPid(), (await sandbox.snapshot(name)).primaryPid];
  process.kill(daemon, 'SIGKILL');
  process.kill(primary ?? -1, 'SIGKILL');
  await sandbox.waitFor('a new daemon', async () => (await sandbox.daemonPid()) !== daemon);
  await sandbox.waitForOnline(name);
  await sandbox.waitFor('the metrics to be served again', () => scraper.scrape());
  await send(port, 5);
  await scraper.waitForRequests(name, 40);
  expect((await sandbox.snapshot(name)).totals.answers).toEqual([0, 40, 0, 0, 0]);
});

it('serves nothing but the metrics, and no longer than asked', async () => {
  await sandbox.start('plain-http.cjs');
  const port = await serveMetrics();
  const asked = [
    ['GET', '/v1/apps'],
    ['GET', '/'],
    ['POST', '/v1/shutdown'],
    ['POST', '/metrics'],
    ['DELETE', '/v1/apps/app1'],
  ] as const;
  const answers = await Promise.all(asked.map(([method, path]) => request(path, { port, method })));
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 405, 404]);
  const other = await sandbox.start('plain-http.cjs');
  const taken = await sandbox.lb('metrics', '--listen', String(other.port));
  expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining(`the port is in use by app "${other.name}" (pid `) as string });
  expect((await request('/metrics', { port })).status).toBe(200);
  await sandbox.ok('metrics', '--listen', 'off');
  await expect(request('/metrics', { port })).rejects.toThrow('ECONNREFUSED');
  expect((await sandbox.ok('metrics')).stdout).toContain('lb_build_info{');
});

it('a real Prometheus scrapes them, and promtool has no complaint', async (context) => {
  const [prometheus, promtool] = [needsPackage(context, PROMETHEUS), needsPackage(context, PROMTOOL)];
  const { name, port } = await sandbox.start('plain-http.cjs');
  await send(port, 7);
  const query = await startPrometheus(prometheus, sandbox.directory, await serveMetrics());
  await sandbox.waitFor('Prometheus to know 7 requests', async () => (await query(`sum(lb_http_requests_total{app="${name}"})`)) === 7);
  expect(await query(`histogram_quantile(0.5, lb_http_request_duration_seconds_bucket{app="${name}"})`)).toBeGreaterThan(0);
  expect(await query(`lb_app_workers{app="${name}",state="ready"}`)).toBe(2);
  expect(await query('up{job="lb"}')).toBe(1);
  const { stdout } = await sandbox.ok('metrics');
  expect(execFileSync(promtool, ['check', 'metrics'], { input: stdout, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })).toBe('');
});

it('the metrics of the app itself are merged over its workers, and those of one that is blocked are missing', async (context) => {
  const promtool = needsPackage(context, PROMTOOL);
  const { name, port } = await sandbox.start('prom-client.mjs', { flags: ['--prom-client'] });
  const silent = await sandbox.start('prom-client.mjs');
  await send(silent.port, 1);
  await send(port, 10);
  const scraper = new Scraper(await serveMetrics());
  const jobs = `jobs_total{app="${name}",kind="mail"}`;
  const missing = `lb_app_metrics_missing_workers{app="${name}"}`;
  const queue = (slot: number): string => `job_queue_length{app="${name}",slot="${slot}"}`;
  const whole = await scraper.scrape();
  expect(
    [jobs, `job_duration_seconds_bucket{app="${name}",le="1"}`, queue(0), queue(1), `job_version{app="${name}"}`, missing].map((series) => whole.get(series)),
  ).toEqual([10, 10, 5, 6, 3, 0]);
  expect(whole.get(`lb_app_metrics_left_out{app="${name}"}`)).toBe(1);
  expect([...whole.keys()].filter((series) => series.startsWith('job') && series.includes(`"${silent.name}"`))).toEqual([]);
  const { stdout } = await sandbox.ok('metrics');
  expect(execFileSync(promtool, ['check', 'metrics'], { input: stdout, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })).toBe('');

  const blocked = (await sandbox.readyWorkers(name))[1]?.pid ?? -1;
  process.kill(blocked, 'SIGSTOP');
  const partial = await scraper.scrape();
  process.kill(blocked, 'SIGCONT');
  expect([jobs, queue(0), queue(1), missing].map((series) => partial.get(series))).toEqual([10, 5, undefined, 1]);

  await sandbox.ok('reload', name, '--monitor', '0');
  await send(port, 2);
  expect((await scraper.scrape()).get(jobs)).toBe(12);
});

it('the daemon remembers how it was, app and slot', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const load = startLoad({ port, mode: 'keep-alive', clients: 1 });
  const history = async (query: string): Promise<HistoryAnswer> => (await sandbox.control('GET', `/v1/history?app=${name}&${query}`)).json<HistoryAnswer>();
  const first = await sandbox.waitFor('a rate', async () => {
    const { values, stepMs, from } = await history('metric=rps&resolution=1s');
    return values.some((value) => value !== null && value > 0) ? { stepMs, from } : null;
  });
  expectLossless(await load.stop());
  expect(first.stepMs).toBe(1_000);
  expect(Math.abs(Date.now() - first.from)).toBeLessThan(60_000);
  expect((await history('metric=ready&resolution=1s')).values.at(-1)).toBe(2);
  expect((await history('metric=connections&resolution=10s')).stepMs).toBe(10_000);
  // The rate may be that of the other worker, which told first.
  await sandbox.waitFor('the memory of slot 1', async () => ((await history('metric=memory&resolution=1m&slot=1')).values.at(-1) ?? 0) > 10_000_000);
  const histories = async (query: string): Promise<readonly HistorySeries[]> =>
    (await sandbox.control('GET', `/v1/histories?resolution=1s&points=3&${query}`)).json<HistoriesAnswer>().series;
  expect((await histories('metric=ready&metric=rps')).filter(({ app }) => app === name).map(({ slot, metric }) => [slot, metric])).toEqual([
    [null, 'rps'],
    [null, 'ready'],
  ]);
  const own = await histories(`app=${name}`);
  const levels = async (level: string): Promise<unknown> => [...new Set((await histories(`app=${name}&level=${level}&metric=cpu`)).map(({ slot }) => slot))];
  expect([await levels('app'), await levels('slot')]).toEqual([[null], [0, 1]]);
  expect(own.filter(({ slot }) => slot !== 1 && slot !== null).every(({ slot, app, values }) => slot === 0 && app === name && values.length <= 3)).toBe(true);
  expect(own.find(({ slot, metric }) => slot === 1 && metric === 'memory')?.values.at(-1)).toBeGreaterThan(10_000_000);
  expect((await sandbox.control('GET', `/v1/history?app=${name}&metric=nothing&resolution=1s`)).text).toContain('one of cpu, memory');
});
