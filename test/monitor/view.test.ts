import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BINDINGS } from '../../src/monitor/keymap.ts';
import type { Key } from '../../src/monitor/keys.ts';
import { initialModel, type Model } from '../../src/monitor/model.ts';
import { paintLines } from '../../src/monitor/screen.ts';
import { view } from '../../src/monitor/view.ts';
import { app, worker } from '../client/samples.ts';
import { after, log, logs, MACHINE, NOON, press, watched } from './samples.ts';

const SIZES = [[80, 24], [120, 40], [200, 60]] as const;
const seen = (model: Model): string => view(model).toString();

describe.each(SIZES)('at %i×%i', (columns, rows) => {
  it('the overview', () => {
    expect(seen(watched(columns, rows))).toMatchSnapshot();
  });

  it('an app in the middle of a reload', () => {
    expect(seen(press(watched(columns, rows), 'enter'))).toMatchSnapshot();
  });

  it('the log of an app', () => {
    const lines = logs(log('listening on 3000'), log('\u001b[31mno\u001b[0m route\tto 数据库 👩‍🚀', 1, 'err'), log('x'.repeat(300), 1));
    expect(seen(after(press(watched(columns, rows), 'l'), lines))).toMatchSnapshot();
  });

  it('the help', () => {
    expect(seen(press(watched(columns, rows), 'enter', '?'))).toMatchSnapshot();
  });
});

describe('the overview', () => {
  it('before the first stats, and without apps', () => {
    const fresh = initialModel({ columns: 80, rows: 10, now: NOON, app: null });
    expect(seen(fresh)).toContain('connecting …');
    expect(seen(after(fresh, { type: 'stats', at: NOON, apps: [], machine: MACHINE }))).toContain('no apps yet');
  });

  it('says that the daemon is gone, and keeps what it has', () => {
    const gone = after(watched(), { type: 'link', link: { state: 'gone', since: NOON, reason: 'x' } }, { type: 'time', now: NOON + 7_000 });
    expect(seen(gone)).toContain('daemon gone for 7s, reconnecting …');
    expect(seen(gone)).toContain('degraded');
  });

  it('has every figure of the issue from 84 columns on, and the trend always', () => {
    const head = (columns: number): string => seen(watched(columns)).split('\n')[4] ?? '';
    for (const title of ['app', 'state', 'workers', 'cpu', 'mem', 'req/s', 'p50', 'p95', 'p99', '5xx', 'conns', 'rst', 'req/s 5m']) expect(head(100)).toContain(title);
    expect(head(80)).toContain('req/s 5m');
  });
});

describe('the app page', () => {
  it('tells what blocks a drain and why a worker is out of the rotation', () => {
    const text = seen(press(watched(80, 24), 'enter'));
    expect(text).toContain('reload for 4s: 1 of 2 on generation 2');
    expect(text).toContain('slot 0 draining: 3 requests (oldest 12 s), 2 idle connections, 2 WebSockets');
    expect(seen(press(watched(100, 30), 'down', 'enter'))).toContain('slot 0 is out of the rotation: half of its answers are 5xx');
  });

  it('of an app that has gone says so', () => {
    const gone = after(press(watched(), 'enter'), { type: 'stats', at: NOON + 1000, apps: [], machine: MACHINE });
    expect(seen(gone)).toContain('there is no app of that name');
  });
});

describe('any frame', () => {
  const key = fc.oneof(fc.constantFrom<Key>(...BINDINGS.flatMap(({ keys }) => [...keys]), 'y', 'enter', 'escape', 'backspace'), fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme' }));
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '漢', '👩‍🚀', 'é', '\u0301', '\t', '\u001b[1m', '\u202e', '…'), maxLength: 60 });
  const number = fc.oneof(fc.double({ min: 0, noNaN: true }), fc.constant(null));
  const anyApp = fc.record({ name: text, n: number, share: fc.double({ min: 0, max: 1, noNaN: true }), listeners: fc.array(text), workers: fc.integer({ min: 0, max: 40 }), error: fc.option(text) }).map(({ name, n, share, listeners, workers, error }) =>
    app({
      name, cpuPercent: n, memoryBytes: n, p95Ms: n, connections: n ?? 0, restarts: n ?? 0, requestsPerSecond: n ?? 0, errorRate: share, listeners, error,
      workers: Array.from({ length: workers }, (_, slot) => worker({ slot, pid: 10 ** (slot % 8), weight: n ?? 0, uptimeMs: n ?? 0, handOffMs: n, eventLoopDelayMs: n ?? 0, withdrawn: error })),
    }));

  it('is as wide as the terminal, whatever its size, the apps and the keys', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 220 }), fc.integer({ min: 1, max: 70 }), fc.array(anyApp, { maxLength: 6 }), fc.array(key, { maxLength: 12 }), fc.array(text), (columns, rows, apps, keys, lines) => {
      const fresh = after(initialModel({ columns, rows, now: NOON, app: null }), { type: 'stats', at: NOON, apps, machine: MACHINE });
      const pressed = press(fresh, ...keys);
      const model = after(pressed, { type: 'logs', app: pressed.app ?? '', messages: lines.map((line) => log(line)) });
      const frame = view(model);
      expect([frame.columns, frame.rows, frame.chars.length]).toEqual([columns, rows, columns * rows]);
      for (let row = 0; row < rows; row++) {
        const cells = frame.chars.slice(row * columns, (row + 1) * columns);
        // One cell per column: what is two columns wide has an empty cell after it, in the same line.
        expect(cells[0]).not.toBe('');
        expect(cells.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }
    }), { numRuns: 150 });
  });
});

describe('colours', () => {
  it('are the six basic ones, never black or white, and NO_COLOR leaves none', () => {
    const frame = view(press(watched(), 'enter'));
    const codes = (text: string): string[] => [...text.matchAll(/\u001b\[([\d;]*)m/g)].flatMap((match) => (match[1] ?? '').split(';'));
    expect(codes(paintLines(frame, true)).filter((code) => code.startsWith('3')).length).toBeGreaterThan(5);
    expect(codes(paintLines(frame, true)).filter((code) => !['0', '1', '2', '4', '7', '31', '32', '33', '34', '35', '36'].includes(code))).toEqual([]);
    expect(codes(paintLines(frame, false))).toEqual([]);
  });
});
