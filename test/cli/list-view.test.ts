import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { idRanges, listView, workerListView } from '../../src/cli/output/list-view.ts';
import { colored } from '../../src/cli/output/style.ts';
import { LbError } from '../../src/errors/lb-error.ts';
import type { AutoscalingSnapshot } from '../../src/protocol/snapshot.ts';
import { widthOf } from '../../src/terminal/text.ts';
import { app, worker } from '../client/samples.ts';

const blockers = { requests: 3, oldestMs: 12_300, connections: 3, websockets: 2, sockets: 0 };

const APPS = [
  app({
    name: 'worker-with-a-rather-long-name-for-a-terminal',
    state: 'errored',
    ready: 0,
    instances: 1,
    uptimeMs: 5_000,
    restarts: 16,
    cpuPercent: null,
    memoryBytes: null,
    connections: 0,
    requestsPerSecond: 0,
    listeners: [],
    workers: [],
    troubledSlots: [{ slot: 0, state: 'errored', restartInMs: null, restarts: 16 }],
    error: 'exit code 1, 16 times in a row',
  }),
  app({
    state: 'reloading',
    ready: 15,
    instances: 16,
    uptimeMs: 277_200_000,
    cpuPercent: 1_243,
    memoryBytes: 2_200_000_000,
    connections: 12_400,
    requestsPerSecond: 48_210,
    listeners: ['*:3000', '*:3443'],
    workers: [worker(), worker({ slot: 1, state: 'draining', blockers })],
    operation: { kind: 'reload', sinceMs: 3_200 },
    queuedOperations: ['scale'],
    queued: 1,
  }),
  app({
    name: 'docs',
    state: 'stopped',
    ready: 0,
    node: '',
    uptimeMs: null,
    primaryPid: null,
    startedAt: null,
    cpuPercent: null,
    memoryBytes: null,
    connections: 0,
    requestsPerSecond: 0,
    listeners: [],
    workers: [],
  }),
  app({
    name: 'mail',
    state: 'degraded',
    ready: 1,
    restarts: 2,
    requestsPerSecond: 0.4,
    troubledSlots: [{ slot: 1, state: 'waiting', restartInMs: 3_000, restarts: 2, cause: 'TypeError: x is not a function at server.js:12' }],
    lastFailure: { slot: 0, cause: 'signal SIGSEGV', agoMs: 72_000 },
  }),
].sort((a, b) => (a.name < b.name ? -1 : 1));

describe('listView', () => {
  it.each([80, 120, null])('at %s columns', (width) => {
    expect(listView(APPS, { width })).toMatchSnapshot();
  });

  it('fits into 80 columns, however large the numbers are', () => {
    for (const line of listView(APPS, { width: 80 }).split('\n')) {
      if (!line.startsWith('  ')) expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  it('has a column for recycled workers where there are any, also in 80 columns', () => {
    const [first, ...others] = [...APPS].reverse();
    const lines = listView([{ ...first!, recycles: 12_300 }, ...others], { width: 80 }).split('\n');
    expect(lines[0]).toMatch(/ ready +uptime +restarts +recycled +cpu /);
    expect(lines.find((line) => line.startsWith('worker-'))).toMatch(/ 16 +12.3k /);
    for (const line of lines) if (!line.startsWith('  ')) expect(line.length).toBeLessThanOrEqual(80);
    expect(listView([{ ...first!, recycles: 1 }], { width: 120 })).toMatch(/ node +uptime +restarts +recycled /);
  });

  it('says which limit is too low', () => {
    const low = { slot: 1, option: 'max_memory_restart', message: 'max_memory_restart is too low: limit 20 MB, needs 43 MB', inARow: 5, againInMs: 16_000 };
    expect(listView([app({ lowLimits: [low, { ...low, slot: 0, againInMs: null }] })], { width: null })).toContain(
      [
        '  api[1] max_memory_restart is too low: limit 20 MB, needs 43 MB; replaced 5 times in a row, again in 16.0 s',
        '  api[0] max_memory_restart is too low: limit 20 MB, needs 43 MB; replaced 5 times in a row',
        '',
      ].join('\n'),
    );
  });

  it('says the same with and without colour', async () => {
    const text = listView(APPS, { width: 120, style: await colored(1) });
    expect(text).toContain('\u001b[36m');
    expect(stripVTControlCharacters(text)).toBe(listView(APPS, { width: 120 }));
  });

  it('cuts names, not numbers', () => {
    const names = listView(APPS, { width: 80 })
      .split('\n')
      .map((line) => line.split(' ')[0]);
    expect(names.some((name) => name?.startsWith('worker-') && name.endsWith('…'))).toBe(true);
  });

  it('says which slots run what, but not in the middle of an operation', () => {
    const mixed = app({ generationNote: 'slot 0 runs generation 5; slot 1 runs generation 4' });
    expect(listView([mixed], { width: 120 })).toContain('\n  slot 0 runs generation 5; slot 1 runs generation 4\n');
    expect(listView([{ ...mixed, operation: { kind: 'reload', sinceMs: 5 } }], { width: 120 })).not.toContain('generation');
  });

  it('is a head line without apps', () => {
    expect(listView([], { width: 80 })).toBe('name  id  state  ready  node  uptime  restarts  cpu  memory  conns  req/s\n');
  });
});

describe('names in other scripts, and with emoji', () => {
  const names = ['api', 'My API', '日本語 API 🚀', 'خدمة الطلبات', '👨‍👩‍👧‍👦 家族', '🇩🇪', 'हिन्दी', '本'.repeat(42)];
  const apps = names.map((name) => app({ name, workers: [worker()] }));
  /** Columns of the terminal before the second column of each line. */
  const starts = (text: string, second: RegExp): number[] =>
    text
      .split('\n')
      .filter((line) => second.test(line))
      .map((line) => widthOf(line.slice(0, line.search(second))));

  it.each([80, 120, null])('keep the columns straight at %s columns', (width) => {
    const lines = starts(listView(apps, { width }), /(state|online) /);
    expect(lines).toHaveLength(names.length + 1);
    expect(new Set(lines).size).toBe(1);
    expect(new Set(starts(workerListView(apps, { width }), /(state|ready) /)).size).toBe(1);
  });

  it('stand whole where there is room', () => {
    for (const name of names) expect(listView(apps, { width: null })).toContain(`\n${name} `);
  });

  it('are cut between two characters, and fit', () => {
    const lines = listView(apps, { width: 80 }).split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80);
    expect(lines.some((line) => /^本+…/.test(line))).toBe(true);
  });

  it('are one word in a command', () => {
    const scale: AutoscalingSnapshot = { on: false, min: 2, max: 8, target: { metric: 'elu', value: 0.6 }, now: null, last: null };
    expect(listView([app({ name: 'My API', autoscaling: scale })], { width: null })).toContain("lb scale 'My API' auto");
    expect(new LbError('LB_ERR_APP_EXISTS', { app: 'My API' })).toMatchObject({
      message: 'app "My API" is already running',
      hint: expect.stringContaining("lb reload 'My API'") as string,
    });
  });
});

describe('autoscaling', () => {
  const scaling: AutoscalingSnapshot = { on: true, min: 2, max: 8, target: { metric: 'elu', value: 0.6 }, now: 'elu 0.41 of 0.6 over 5 s', last: null };

  it.each<[Partial<AutoscalingSnapshot>, string]>([
    [{}, '2-8 auto, elu 0.41 of 0.6 over 5 s'],
    [{ now: null }, '2-8 auto'],
    [{ min: 8 }, '8 auto, elu 0.41 of 0.6 over 5 s'],
    [{ on: false, now: null }, 'autoscaling (2-8) is off: lb scale api auto'],
  ])('%j is told under the app', (changes, note) => {
    expect(listView([app({ autoscaling: { ...scaling, ...changes } })], { width: null })).toContain(`\n  ${note}\n`);
  });
});

describe('workerListView', () => {
  const ejected = {
    slot: 1,
    pid: 5002,
    state: 'ejected' as const,
    checks: { passed: 3, failed: 3 },
    last: null,
    lastFailures: [],
    ejections: 1,
    causes: ['failed checks: status 503 (3 in a row)'],
    sinceMs: 2_000,
  };
  const apps = [
    app({
      name: 'web',
      workers: [worker({ slot: 1, pid: 6002, weight: 0, withdrawn: 'debugging' }), worker({ pid: 6001, p95Ms: null, handOffMs: null, cpuPercent: null })],
    }),
    app({
      state: 'degraded',
      ready: 1,
      queued: 3,
      panic: true,
      workers: [worker(), worker({ slot: 1, pid: 5002, state: 'ejected', refused: 7 })],
      health: [ejected],
    }),
    app({ name: 'docs', state: 'stopped', ready: 0, workers: [] }),
  ];

  it('has a line per worker by app and slot, then what goes on', () => {
    expect(workerListView(apps, { width: null })).toMatchSnapshot();
  });

  it('says the same with and without colour', async () => {
    const text = workerListView(apps, { width: null, style: await colored(1) });
    expect(text).toContain('\u001b[33mejected');
    expect(stripVTControlCharacters(text)).toBe(workerListView(apps, { width: null }));
  });

  it('tells the same under the apps', () => {
    for (const note of ['3 connections wait for a worker', 'api[1] ejected: failed checks: status 503 (3 in a row)', 'web[1] reported drain: debugging']) {
      expect(listView(apps, { width: null })).toContain(`  ${note}\n`);
    }
  });
});

it.each([
  [[], '-'],
  [[3], '3'],
  [[0, 1, 2, 7, 9, 10], '0-2,7,9-10'],
  [[4, 1], '4,1'],
])('the ids %j are shown as %s', (ids, text) => {
  expect(idRanges(ids)).toBe(text);
});
