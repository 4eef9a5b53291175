import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BINDINGS, bindingsOf } from '../../src/monitor/keymap.ts';
import { initialModel, type Model } from '../../src/monitor/model.ts';
import type { Message } from '../../src/monitor/update.ts';
import { view } from '../../src/monitor/view.ts';
import type { LbEvent } from '../../src/protocol/event.ts';
import type { AppSnapshot, AutoscalingSnapshot } from '../../src/protocol/snapshot.ts';
import type { Key } from '../../src/terminal/keys.ts';
import { paintLines } from '../../src/terminal/screen.ts';
import { sequenceOf, STYLE, type Palette } from '../../src/terminal/style.ts';
import { widthOf } from '../../src/terminal/text.ts';
import { app, worker } from '../client/samples.ts';
import { after, log, logs, MACHINE, NOON, press, watched } from './samples.ts';

const SIZES = [
  [80, 24],
  [120, 40],
  [200, 60],
] as const;
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

it.each([
  ['apps', []],
  ['app', ['enter']],
  ['logs', ['l']],
] as const)('the help of the page %s has all of its texts at 80×24, none on another', (page, keys) => {
  const lines = seen(press(watched(80, 24), ...keys, '?')).split('\n');
  const texts = bindingsOf(page)
    .filter(({ help }) => help !== '')
    .map(({ shown, help }) => `${shown.padEnd(8)}${help}`);
  for (const text of texts)
    expect(
      lines.some((line) => line.endsWith(`  ${text}`) || line.includes(`  ${text}  `)),
      text,
    ).toBe(true);
  expect(lines.join('')).not.toContain('…');
});

it('a question that is asked again says why', () => {
  const refused = press(watched(), 'enter', 'w', '9', '9', '9', 'enter');
  expect(seen(refused)).toMatch(/weight of slot \d: 999 +enter a number from 0 to 256/);
  expect(seen(press(refused, 'backspace'))).toContain('Enter confirms');
});

describe('the overview', () => {
  it('before the first stats, and without apps', () => {
    const fresh = initialModel({ columns: 80, rows: 10, now: NOON, app: null });
    expect(seen(fresh)).toContain('connecting …');
    expect(seen(after(fresh, { type: 'stats', at: NOON, apps: [], machine: MACHINE }))).toContain('no apps yet');
  });

  it('says that the daemon is gone, and keeps what it has', () => {
    const gone = after(watched(), { type: 'link', link: { state: 'gone', since: NOON } }, { type: 'time', now: NOON + 7_000 });
    expect(seen(gone)).toContain('daemon gone for 7s, reconnecting …');
    expect(seen(gone)).toContain('degraded');
  });

  it('says that the daemon says nothing', () => {
    expect(seen(after(watched(), { type: 'time', now: NOON + 3_000 }))).not.toContain('silent');
    expect(seen(after(watched(), { type: 'time', now: NOON + 9_000 }))).toContain('daemon silent for 9s');
  });

  it('has every figure of the issue from 84 columns on, and the trend always', () => {
    const head = (columns: number): string => seen(watched(columns)).split('\n')[4] ?? '';
    for (const title of ['app', 'state', 'workers', 'cpu', 'mem', 'req/s', 'p50', 'p95', 'p99', '5xx', 'conns', 'rst', 'req/s 5m'])
      expect(head(100)).toContain(title);
    expect(head(80)).toContain('req/s 5m');
  });
});

describe('a log that is held', () => {
  const lines = logs(...Array.from({ length: 30 }, (_, index) => log(`line ${index}.`)));
  const held = after(press(after(press(watched(), 'l'), lines), 'p'), logs(log('new')));

  it('says what came meanwhile, and goes on at the same key', () => {
    expect(seen(held)).toMatch(/^── 1 line below; p resumes ─+$/m);
    expect(seen(held)).not.toContain('new');
    expect(seen(press(held, 'p'))).toMatch(/  new\n\n/);
    expect(seen(press(held, 'p'))).not.toContain('below');
    expect(seen(press(held, 'up', 'p'))).toMatch(/^── 2 lines below; End follows ─+$/m);
  });

  it('is one that was open: one that is opened while the screen is held is the present', () => {
    expect(seen(after(press(watched(), 'p', 'l'), lines))).toContain('line 29.');
  });
});

it('what a chart says of now is the last second, as the table has it', () => {
  const stopped = app({ state: 'stopped', primaryPid: null, workers: [], requestsPerSecond: 0, memoryBytes: null });
  const model = after(watched(), { type: 'stats', at: NOON + 1_000, apps: [stopped], machine: MACHINE });
  expect(seen(model)).toContain('── api: requests per second, now 0; 5 minutes');
  expect(seen(press(model, 'm', 'm'))).toContain('── api: memory; 5 minutes');
});

describe('a long list', () => {
  const stats = (apps: readonly AppSnapshot[]): Message => ({ type: 'stats', at: NOON, apps, machine: MACHINE });
  const many = (amount: number): Message => stats(Array.from({ length: amount }, (_, index) => app({ name: `app-${String(index).padStart(2, '0')}` })));
  const fresh = (rows: number): Model => initialModel({ columns: 80, rows, now: NOON, app: null });
  const listed = (text: string): number => text.split('\n').filter((line) => /^ app-\d\d /.test(line)).length;

  it.each([9, 12, 13, 40])('of %i apps scrolls before it takes the place of the chart at 80×24', (amount) => {
    const model = after(fresh(24), many(amount));
    expect(seen(model)).toMatch(/^── app-00: requests per second, now .*\n +\d+ .*\n.*\n +0 /m);
    expect(listed(seen(model))).toBe(Math.min(amount, 12));
    expect(seen(press(model, 'm'))).toContain('── app-00: CPU, now');
    expect(seen(press(model, 'end'))).toMatch(new RegExp(`^ app-${String(amount - 1).padStart(2, '0')} `, 'm'));
  });

  it('is all that a low terminal shows', () => {
    expect(listed(seen(after(fresh(19), many(40))))).toBe(12);
    expect(listed(seen(after(fresh(20), many(40))))).toBe(8);
  });

  it('moves by no more than is seen at a page key', () => {
    const screens = ['home', 'pagedown', 'pagedown', 'pagedown'].map((_, pages, keys) => seen(press(after(fresh(24), many(40)), ...keys.slice(0, pages + 1))));
    const names = screens.map((screen) => [...screen.matchAll(/^ app-\d\d /gm)].map(([name]) => name));
    for (const page of [1, 2, 3]) expect(names[page]).toContain(names[page - 1]?.at(-1));
    expect(names[3]?.at(-1)).not.toBe(names[2]?.at(-1));
  });

  it('of workers leaves the chart its place too', () => {
    const workers = Array.from({ length: 30 }, (_, slot) => worker({ slot, pid: 5001 + slot }));
    expect(seen(after(press(after(fresh(24), stats([app()])), 'enter'), stats([app({ workers })])))).toContain('── api[0]: requests per second, now');
  });
});

describe('names in other scripts, and with emoji', () => {
  const names = ['api', '日本語の注文サービス 🚀', 'خدمة الطلبات', '👨‍👩‍👧‍👦 家族'];
  const events = names.map(
    (name, index): LbEvent => ({
      id: index + 1,
      at: NOON,
      app: name,
      kind: 'ready',
      severity: 'info',
      message: 'ready in 9 ms',
      details: { tookMs: 9, generation: 1 },
    }),
  );
  const starts = (text: string, word: string): number[] =>
    text
      .split('\n')
      .filter((line) => line.includes(word))
      .map((line) => widthOf(line.slice(0, line.indexOf(word))));

  it.each([
    [80, 30],
    [120, 40],
  ])('leave every column in its place at %i×%i', (columns, rows) => {
    const apps = names.map((name) => app({ name }));
    const text = seen(
      after(initialModel({ columns, rows, now: NOON, app: null }), { type: 'stats', at: NOON, apps, machine: MACHINE }, { type: 'events', events }),
    );
    for (const word of ['online', 'ready in']) {
      expect(starts(text, word)).toHaveLength(names.length);
      expect(new Set(starts(text, word)).size, text).toBe(1);
    }
    if (columns === 120) for (const name of names) expect(text, 'no name is cut').toContain(` ${name} `);
  });
});

describe('the app page', () => {
  it('tells what blocks a drain and why a worker is out of the rotation', () => {
    const text = seen(press(watched(80, 24), 'enter'));
    expect(text).toContain('reload for 4s: 1 of 2 on generation 2');
    expect(text).toContain('slot 0 draining: 3 requests (oldest 12 s), 2 idle connections, 2 WebSockets');
    expect(seen(press(watched(100, 30), 'down', 'enter'))).toContain('slot 0 ejected: half of its answers are 5xx');
  });

  it('shows what decides on the number of workers', () => {
    const autoscaling: AutoscalingSnapshot = {
      on: true,
      min: 1,
      max: 4,
      target: { metric: 'elu', value: 0.6 },
      now: 'elu 0.41 of 0.6 over 5 s',
      last: { at: NOON - 60_000, from: 1, to: 2, reason: 'elu 0.74 of 0.6 over 5 s: 1 → 2 workers' },
    };
    const scaled = (changes: Partial<AutoscalingSnapshot>): string =>
      seen(after(press(watched(), 'enter'), { type: 'stats', at: NOON, apps: [app({ autoscaling: { ...autoscaling, ...changes } })], machine: MACHINE }));
    expect(scaled({})).toContain(' scale auto, 1 to 4  elu 0.41 of 0.6 over 5 s\n changed 60s ago: elu 0.74 of 0.6 over 5 s: 1 → 2 workers\n');
    expect(scaled({})).toContain('a auto');
    expect(scaled({ on: false, now: null })).toMatch(/ scale fixed at 2; auto would be 1 to 4\n\n/);
    expect(scaled({ on: false })).not.toContain('changed');
  });

  it('who accepts, where the workers do', () => {
    const shown = (by: 'primary' | 'workers'): string =>
      seen(after(press(watched(), 'enter'), { type: 'stats', at: NOON, apps: [app({ accept: { by, because: 'x' } })], machine: MACHINE }));
    expect(shown('workers')).toMatch(/balance [a-z-]+, workers accept/);
    expect(shown('primary')).not.toContain('workers accept');
  });

  it.each([
    ['apps', []],
    ['app', ['enter']],
  ] as const)('offers on the page %s what can be done with the app', (_page, keys) => {
    const keysOf = (changes: Partial<AppSnapshot>): string => {
      const stats: Message = { type: 'stats', at: NOON, apps: [app(changes)], machine: MACHINE };
      return (
        seen(press(after(initialModel({ columns: 160, rows: 24, now: NOON, app: null }), stats), ...keys))
          .split('\n')
          .at(-1) ?? ''
      );
    };
    const autoscaling: AutoscalingSnapshot = { on: true, min: 1, max: 4, target: { metric: 'elu', value: 0.6 }, now: null, last: null };
    expect(keysOf({ autoscaling })).toMatch(/r reload +a auto +b balance.* x stop/);
    expect(keysOf({ autoscaling })).not.toContain('u start');
    const stopped = keysOf({ autoscaling, state: 'stopped', primaryPid: null, workers: [] });
    expect(stopped).toContain('u start');
    expect(stopped).not.toMatch(/reload|auto|balance|weight|kill|stop/);
  });

  it('leaves a label out when its value has no room', () => {
    expect(seen(press(watched(79), 'enter')).split('\n')[1]).toMatch(/cpu 60%  mem 125M$/);
    expect(seen(press(watched(74), 'enter')).split('\n')[1]).toMatch(/cpu 60%$/);
  });

  it('of an app that has gone says so', () => {
    const gone = after(press(watched(), 'enter'), { type: 'stats', at: NOON + 1000, apps: [], machine: MACHINE });
    expect(seen(gone)).toContain('no app of that name');
  });
});

describe('any frame', () => {
  const key = fc.oneof(
    fc.constantFrom<Key>(...BINDINGS.flatMap(({ keys }) => [...keys]), 'y', 'enter', 'escape', 'backspace'),
    fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme' }),
  );
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '漢', '👩‍🚀', 'é', '\u0301', '\t', '\u001b[1m', '\u202e', '…'), maxLength: 60 });
  const number = fc.oneof(fc.double({ min: 0, noNaN: true }), fc.constant(null));
  const anyApp = fc
    .record({
      name: text,
      n: number,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      listeners: fc.array(text),
      workers: fc.integer({ min: 0, max: 40 }),
      error: fc.option(text),
    })
    .map(({ name, n, share, listeners, workers, error }) =>
      app({
        name,
        cpuPercent: n,
        memoryBytes: n,
        p95Ms: n,
        connections: n ?? 0,
        restarts: n ?? 0,
        requestsPerSecond: n ?? 0,
        errorRate: share,
        listeners,
        error,
        workers: Array.from({ length: workers }, (_, slot) =>
          worker({ slot, pid: 10 ** (slot % 8), weight: n ?? 0, uptimeMs: n ?? 0, handOffMs: n, eventLoopDelayMs: n ?? 0, withdrawn: error }),
        ),
      }),
    );

  it('is as wide as the terminal, whatever its size, the apps and the keys', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 220 }),
        fc.integer({ min: 1, max: 70 }),
        fc.array(anyApp, { maxLength: 6 }),
        fc.array(key, { maxLength: 12 }),
        fc.array(text),
        (columns, rows, apps, keys, lines) => {
          const fresh = after(initialModel({ columns, rows, now: NOON, app: null }), { type: 'stats', at: NOON, apps, machine: MACHINE });
          const pressed = press(fresh, ...keys);
          const model = after(pressed, { type: 'logs', app: pressed.app ?? '', messages: lines.map((line) => log(line)) });
          const frame = view(model);
          expect([frame.columns, frame.rows, frame.chars.length]).toEqual([columns, rows, columns * rows]);
          const shown = Array.from({ length: rows }, (_, row) => frame.chars.slice(row * columns, (row + 1) * columns));
          // One cell per column: what is two columns wide has an empty cell after it, in the same line.
          expect(shown.filter(([first]) => first === '')).toEqual([]);
          expect(frame.chars.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('colours', () => {
  const frame = view(press(watched(), 'enter'));
  const sequences = (palette: Palette): string[] => [...paintLines(frame, palette).matchAll(/\u001b\[([\d;]*)m/g)].map((match) => match[1] ?? '');
  const colorsOf = (palette: Palette): string[] => [...new Set(sequences(palette).flatMap((codes) => /3\d(;5;\d+)?$/.exec(codes)?.[0] ?? []))].sort();

  it('are five, never black, white or blue, and NO_COLOR leaves none', () => {
    expect(colorsOf('basic').length).toBeGreaterThan(2);
    expect(colorsOf('basic').filter((code) => !['31', '32', '33', '35', '36'].includes(code))).toEqual([]);
    expect(sequences('none')).toEqual([]);
  });

  it('of a terminal that has 256 can be read on white and on black', () => {
    const luminance = (index: number): number => {
      const levels = [Math.floor((index - 16) / 36), Math.floor((index - 16) / 6) % 6, (index - 16) % 6].map(
        (level) => (level === 0 ? 0 : 55 + 40 * level) / 255,
      );
      const [red = 0, green = 0, blue = 0] = levels.map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const all = [STYLE.red, STYLE.green, STYLE.yellow, STYLE.magenta, STYLE.cyan].map((style) => Number(/38;5;(\d+)m$/.exec(sequenceOf(style, 'fixed'))?.[1]));
    const contrasts = all.map(luminance).flatMap((value) => [1.05 / (value + 0.05), (value + 0.05) / 0.05]);
    expect(Math.min(...contrasts)).toBeGreaterThan(3.9);
  });
});
