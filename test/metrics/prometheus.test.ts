import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { APP_STATES } from '../../src/lifecycle/states.ts';
import { exposition } from '../../src/metrics/exposition.ts';
import { families } from '../../src/metrics/prometheus.ts';
import { NO_COUNTERS, NO_TOTALS } from '../../src/metrics/totals.ts';
import type { AppStats } from '../../src/protocol/stats.ts';
import { EXIT_CAUSES } from '../../src/protocol/totals.ts';
import { app, worker } from '../client/samples.ts';
import { needsPackage } from '../helpers/debian-package.ts';
import { PROMTOOL } from '../helpers/prometheus.ts';

const daemon = { version: '1.2.3', node: '22.1.0', startedAtSeconds: 1_790_000_000.5, residentBytes: 60_000_000 };
const totals = {
  ...NO_TOTALS,
  latency: [4, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  latencySumMs: 12_345,
  restarts: 2,
  exits: { crashed: 1, reload: 4 },
  ejections: 3,
  proxyRejections: { malformed: 1 },
  slots: { 0: { ...NO_COUNTERS, answers: [0, 7, 1, 0, 2], bytesReceived: 10, cpuMs: 1_500 }, 1: NO_COUNTERS },
};
const one = (changes: Partial<AppStats> = {}): AppStats => ({ ...app(), totals, ...changes });
const lines = (...apps: AppStats[]): string[] => exposition(families(apps, daemon)).trimEnd().split('\n');

describe('the exposition', () => {
  it('has counters of the slots, a histogram and gauges of the workers', () => {
    const text = lines(one({ workers: [worker({ loopDelay: { p50Ms: 1, p99Ms: 12.5, maxMs: 40 } })] }));
    for (const line of [
      'lb_build_info{version="1.2.3",node="22.1.0"} 1',
      'lb_app_state{app="api",state="online"} 1',
      'lb_app_state{app="api",state="stopped"} 0',
      'lb_app_workers{app="api",state="ready"} 1',
      'lb_http_requests_total{app="api",slot="0",code="2xx"} 7',
      'lb_http_requests_total{app="api",slot="0",code="5xx"} 2',
      'lb_http_request_duration_seconds_bucket{app="api",le="0.001"} 4',
      'lb_http_request_duration_seconds_bucket{app="api",le="0.0025"} 7',
      'lb_http_request_duration_seconds_bucket{app="api",le="10"} 7',
      'lb_http_request_duration_seconds_bucket{app="api",le="+Inf"} 8',
      'lb_http_request_duration_seconds_sum{app="api"} 12.345',
      'lb_http_request_duration_seconds_count{app="api"} 8',
      'lb_worker_cpu_seconds_total{app="api",slot="0"} 1.5',
      'lb_worker_exits_total{app="api",cause="reload"} 4',
      'lb_restarts_total{app="api"} 2',
      'lb_eventloop_delay_p99_seconds{app="api",slot="0"} 0.0125',
      'lb_worker_resident_memory_bytes{app="api",slot="0"} 65431000',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('has a series for each state of an app and of a worker that is there', () => {
    for (const state of APP_STATES) {
      const text = lines(one({ state }));
      for (const other of APP_STATES) expect(text).toContain(`lb_app_state{app="api",state="${other}"} ${other === state ? 1 : 0}`);
    }
    for (const state of ['starting', 'ready', 'ejected', 'draining', 'stopping'] as const) {
      expect(lines(one({ workers: [worker({ state })] }))).toContain(`lb_app_workers{app="api",state="${state}"} 1`);
      expect(lines(one({ workers: [] }))).toContain(`lb_app_workers{app="api",state="${state}"} 0`);
    }
  });

  it('leaves out what is not known, and goes on counting for an app that is stopped', () => {
    const text = lines(one({ state: 'stopped', workers: [], startedAt: null }));
    expect(text.filter((line) => /^lb_(worker_(resident|heap|ready)|eventloop|app_start)/.test(line))).toEqual([]);
    expect(text).toContain('lb_http_requests_total{app="api",slot="0",code="2xx"} 7');
  });

  it('shows one worker a slot, also while a reload runs', () => {
    const workers = [worker({ pid: 1 }), worker({ pid: 2, state: 'starting', memoryBytes: 1 })];
    const text = lines(one({ workers }));
    expect(text.filter((line) => line.startsWith('lb_worker_resident_memory_bytes'))).toEqual(['lb_worker_resident_memory_bytes{app="api",slot="0"} 65431000']);
    expect(text).toContain('lb_app_workers{app="api",state="starting"} 1');
  });

  it('has a series for everything that can be counted, before it happens', () => {
    const text = lines(one({ totals: NO_TOTALS }));
    for (const cause of EXIT_CAUSES) expect(text).toContain(`lb_worker_exits_total{app="api",cause="${cause}"} 0`);
    for (const reason of ['malformed', 'timeout', 'untrusted', 'closed'])
      expect(text).toContain(`lb_proxy_header_rejections_total{app="api",reason="${reason}"} 0`);
    expect(text.filter((line) => /^lb_(restarts|health_ejections)_total/.test(line))).toEqual([
      'lb_restarts_total{app="api"} 0',
      'lb_health_ejections_total{app="api"} 0',
    ]);
  });

  it('escapes what a value or a help text must not contain', () => {
    const samples = [
      { labels: { path: 'a"b\\c\nd' }, value: Number.POSITIVE_INFINITY },
      { labels: {}, value: Number.NaN },
    ];
    expect(exposition([{ name: 'x', type: 'gauge', help: 'a\\b\nc', samples }])).toBe(
      '# HELP x a\\\\b\\nc\n# TYPE x gauge\nx{path="a\\"b\\\\c\\nd"} +Inf\nx NaN\n',
    );
    expect(exposition([{ name: 'x', type: 'gauge', help: 'y', samples: [] }])).toBe('');
  });

  it('never has the same series twice, and always the same order', () => {
    const text = lines(one(), one({ name: 'other' }));
    const series = text.filter((line) => !line.startsWith('#')).map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(series).size).toBe(series.length);
    expect(lines(one(), one({ name: 'other' }))).toEqual(text);
  });

  it('has each metric with its value', () => {
    const loopDelay = { p50Ms: 1, p99Ms: 12.5, maxMs: 40 };
    expect(lines(one({ workers: [worker({ loopDelay })] })).filter((line) => !line.startsWith('# TYPE'))).toMatchSnapshot();
  });

  it('adds up the connections and requests of all workers of a slot', () => {
    const workers = [worker({ state: 'draining', connections: 4, requestsInFlight: 2 }), worker({ pid: 2, connections: 6, requestsInFlight: 1 })];
    const text = lines(one({ workers }));
    expect(text).toContain('lb_connections_open{app="api",slot="0"} 10');
    expect(text).toContain('lb_http_requests_in_flight{app="api",slot="0"} 3');
  });

  it('is what promtool accepts, without a complaint', (context) => {
    const promtool = needsPackage(context, PROMTOOL);
    const text = exposition(families([one({ workers: [worker({ loopDelay: { p50Ms: 1, p99Ms: 2, maxMs: 3 } })] }), one({ name: 'b' })], daemon));
    expect(execFileSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })).toBe('');
  });
});

it('tells who accepts the connections of an app; nothing of an older primary', () => {
  const samplesOf = (accept: AppStats['accept']): unknown =>
    families([{ ...app(), ...(accept === undefined ? {} : { accept }) }], daemon).find(({ name }) => name === 'lb_app_workers_accept')?.samples;
  expect(samplesOf({ by: 'workers', because: 'plain workers' })).toEqual([{ labels: { app: 'api' }, value: 1 }]);
  expect(samplesOf({ by: 'primary', because: 'calm' })).toEqual([{ labels: { app: 'api' }, value: 0 }]);
  expect(samplesOf(undefined)).toEqual([]);
});
