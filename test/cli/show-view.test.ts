import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { showView } from '../../src/cli/output/show-view.ts';
import { colored } from '../../src/cli/output/style.ts';
import type { ExitReport } from '../../src/lifecycle/exit-report.ts';
import { app, worker } from '../client/samples.ts';

const EXIT: ExitReport = {
  slot: 1,
  generation: 2,
  pid: 6002,
  at: new Date(2026, 10, 20, 10, 31, 7).getTime(),
  code: 1,
  signal: null,
  stopReason: null,
  stateBefore: 'starting',
  uptimeMs: 212,
  killedAtDeadline: false,
  cause: null,
  stack: [],
  lastStderr: ['Error: connect ECONNREFUSED 127.0.0.1:5432', '    at new Pool (db.js:3:9)'],
};

it('shows a running app', () => {
  const workers = [
    worker({ slot: 1, pid: 5002, state: 'draining', blockers: { requests: 1, oldestMs: 800, connections: 1, websockets: 0, sockets: 0 } }),
    worker(),
  ];
  const snapshot = app({
    workers,
    lastExits: [EXIT, { ...EXIT, slot: 0, code: null, signal: 'SIGKILL', stopReason: 'stop', killedAtDeadline: true, lastStderr: [] }],
  });
  expect(showView(snapshot, { width: null })).toMatchSnapshot();
});

it('names what of its balance and health is not the default', () => {
  const { spec } = app();
  const health = { path: '/healthz', port: null, intervalMs: 2_000, timeoutMs: 1_000, fall: 3, rise: 2, expect: [[200, 399]] as const, replaceAfterMs: 60_000 };
  const text = showView(
    app({
      proxyRejections: { malformed: 2, timeout: 1, untrusted: 0, closed: 0 },
      spec: {
        ...spec,
        balance: 'ip-hash',
        weights: [2, 1],
        backup: [1],
        maxConns: 500,
        slowStartMs: 30_000,
        proxyProtocol: { ports: [3000], from: ['10.0.0.0/8'] },
        health,
        hangTimeoutMs: null,
        healthPort: { host: null, port: 9000 },
        readyMin: 2,
        maxRequests: 10_000,
        maxLifetimeMs: 3_600_000,
        maxMemoryKillBytes: 400 * 1024 * 1024,
      },
    }),
    { width: null },
  );
  expect(text).toMatchSnapshot();
});

it('tells what decides on the number of workers, and the last change', () => {
  const { spec } = app();
  const scale = { on: true, min: 2, max: 8, target: { metric: 'elu', value: 0.6 }, upCooldownMs: 5_000, downCooldownMs: 60_000 } as const;
  const last = { at: EXIT.at, from: 2, to: 3, reason: 'elu 0.82 of 0.6 over 5 s: 2 → 3 workers' };
  const text = showView(app({ autoscaling: { ...scale, now: null, last }, spec: { ...spec, scale } }), { width: null });
  expect(text).toContain('last scaled  2026-11-20 10:31:07, elu 0.82 of 0.6 over 5 s: 2 → 3 workers');
  expect(text).toMatch(/scale +2 to 8 workers, elu 0\.6, up after 5s, down after 1m/);
  expect(showView(app({ spec: { ...spec, scale: { ...scale, on: false } } }), { width: null })).toMatch(/scale +turned off manually \(2 to 8 workers/);
});

it('shows a stopped app without what only runs', () => {
  const text = showView(app({ state: 'stopped', ready: 0, node: '', primaryPid: null, uptimeMs: null, startedAt: null, workers: [], listeners: [] }), {
    width: null,
  });
  expect(text).toMatchSnapshot();
  expect(text).not.toContain('pid');
});

it('fits into 80 columns, however large the numbers are', () => {
  const large = worker({
    slot: 127,
    generation: 1_204,
    pid: 4_194_304,
    state: 'draining',
    uptimeMs: 277_200_000,
    restarts: 9_999,
    cpuPercent: 100,
    memoryBytes: 2_200_000_000,
    connections: 12_400,
    requestsInFlight: 1_000,
    requestsPerSecond: 48_210,
    eventLoopUtilization: 1,
  });
  const lines = showView(app({ workers: [large], lastExits: [] }), { width: 80 }).split('\n');
  const table = lines.slice(lines.indexOf('workers') + 1, lines.indexOf('definition') - 1).filter((line) => line !== '' && line !== 'traffic');
  expect(table).toHaveLength(4);
  for (const line of table) expect(line.length).toBeLessThanOrEqual(80);
});

it('says the same with and without colour', async () => {
  const text = showView(app(), { width: 80, style: await colored(1) });
  expect(text).toContain('\u001b[32mready\u001b[39m');
  expect(stripVTControlCharacters(text)).toBe(showView(app(), { width: 80 }));
});

it.each([
  ['same', 'generation  3\n'],
  ['changed', 'generation  3, whose files have changed on disk since\n'],
  ['moved', 'generation  3, whose path leads to other files now\n'],
] as const)('files of the generation: %s', (files, text) => {
  expect(showView(app({ generation: 3, generations: [{ generation: 3, slots: [0], files }] }), { width: null })).toContain(text);
});

it('says how many workers were recycled, and why', () => {
  const totals = { ...app().totals, recycles: { memory: 3, unhealthy: 1 } };
  const text = showView(app({ recycles: 4, totals, workers: [worker({ recycles: 3 }), worker({ slot: 1, recycles: 1 })] }), { width: null });
  expect(text).toContain('recycled    4 (since the app was defined: 3 memory limit reached, 1 unhealthy)');
  expect(text).toMatch(/loop {2}recycled\n.* 11% {9}3\n.* 11% {9}1\n/);
});

it('warns of a memory limit that never acts', () => {
  const { spec } = app();
  const text = (changes: object): string => showView(app({ spec: { ...spec, ...changes } }), { width: null });
  const warning = 'warning: max_memory_restart (6144 MB) is above';
  expect(text({ maxMemoryBytes: 6 * 1024 ** 3, nodeArgs: ['--max-old-space-size=40'] })).toContain(`${warning} V8's heap limit (40 MB)`);
  expect(text({ maxMemoryBytes: 6 * 1024 ** 3, nodeArgs: [] }), 'as the workers report it').toContain(`${warning} V8's heap limit (1907 MB)`);
  expect(text({ maxMemoryBytes: 1024 ** 3, nodeArgs: [] })).not.toContain('warning');
});

it.each([
  [{ by: 'primary', because: 'calm' }, /^ +accepted +by the primary, which hands each to a worker \(calm\)$/m],
  [{ by: 'workers', because: 'balance: direct' }, /^ +accepted +by the workers themselves \(balance: direct\)$/m],
] as const)('says who accepts, and why: %o', (accept, line) => {
  expect(showView(app({ accept }), { width: null })).toMatch(line);
  expect(showView(app(), { width: null })).not.toContain('accepted  by');
});
