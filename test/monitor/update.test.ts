import { describe, expect, it } from 'vitest';
import { BINDINGS } from '../../src/monitor/keymap.ts';
import type { Effect, Model } from '../../src/monitor/model.ts';
import { workerRows } from '../../src/monitor/rows.ts';
import { update } from '../../src/monitor/update.ts';
import type { WorkerSnapshot } from '../../src/protocol/snapshot.ts';
import { app, worker } from '../client/samples.ts';
import { after, apps, EVENTS, log, logs, MACHINE, NOON, press, watched } from './samples.ts';

/** What the last of the keys asks for. */
function effects(model: Model, ...keys: readonly string[]): readonly Effect[] {
  const before = press(model, ...keys.slice(0, -1));
  return update(before, { type: 'key', key: keys.at(-1) ?? '' }).effects;
}

const order = (app: string, action: string, body: object) => [{ do: 'order', order: { app, action, body } }];

describe('an order', () => {
  it.each([
    ['reload', ['r', 'y'], order('api', 'reload', {})],
    ['restart', ['R', 'y'], order('api', 'restart', {})],
    ['stop', ['x', 'y'], order('api', 'stop', {})],
    ['one fewer worker', ['-', 'y'], order('api', 'scale', { by: -1 })],
    ['one worker more, which costs nothing and does not ask', ['+'], order('api', 'scale', { by: 1 })],
    ['another strategy', ['b', 'right', 'enter'], order('api', 'balance', { strategy: 'least-connections' })],
    ['the weight of a slot', ['enter', 'down', 'down', 'w', '0', '.', '5', 'enter'], order('api', 'weight', { weights: [{ slot: 1, weight: 0.5 }] })],
    ['the end of one worker', ['enter', 'down', 'k', 'y'], order('api', 'signal', { signal: 'SIGKILL', pid: 5101 })],
    ['the start of a stopped app', ['down', 'down', 'u'], order('docs', 'start', {})],
    ['the start of one that was not stopped a second ago', ['u'], order('api', 'start', {})],
  ])('%s', (_what, keys, expected) => {
    expect(effects(watched(), ...keys)).toEqual(expected);
  });

  it('that switches autoscaling asks where workers may drain', () => {
    const scaling = (on: boolean): Model => {
      const autoscaling = { on, min: 1, max: 4, target: { metric: 'elu', value: 0.6 }, now: null, last: null } as const;
      return after(watched(), { type: 'stats', at: NOON + 1_000, apps: apps().map((each) => ({ ...each, autoscaling })), machine: MACHINE });
    };
    expect(effects(scaling(true), 'a')).toEqual(order('api', 'scale', { to: 2 }));
    expect(effects(scaling(false), 'a')).toEqual([]);
    expect(effects(scaling(false), 'a', 'y')).toEqual(order('api', 'scale', { auto: true }));
    expect(press(scaling(true), '+').dialog).toMatchObject({ question: 'fix api at 3 workers? This turns autoscaling off' });
    expect(effects(scaling(true), '+', 'y')).toEqual(order('api', 'scale', { by: 1 }));
    expect(press(watched(), 'a').notice?.text).toBe('api has no "scale" in its definition');
  });

  it.each(['n', 'escape', 'ctrl-c', 'q'])('that costs something is not given at %s', (key) => {
    const model = press(watched(), 'x', key);
    expect(effects(watched(), 'x', key)).toEqual([]);
    expect(model.dialog).toBeNull();
    expect(model.page).toBe('apps');
  });

  it('that costs something needs more than enter', () => {
    expect(effects(watched(), 'x', 'enter')).toEqual([]);
    expect(press(watched(), 'x', 'enter').dialog).not.toBeNull();
  });

  it('asks in whole sentences, of one as of many', () => {
    const questions = (workers: readonly WorkerSnapshot[]): readonly unknown[] => {
      const model = after(watched(), { type: 'stats', at: NOON + 1_000, apps: [app({ workers, instances: workers.length })], machine: MACHINE });
      return [['r'], ['enter', 'k']].map((keys) => press(model, ...keys).dialog).map((dialog) => (dialog?.kind === 'confirm' ? dialog.question : dialog));
    };
    expect(questions([worker({ connections: 1 })])).toEqual([
      'reload api? A new worker takes over; no requests are dropped',
      'kill worker 0 of api (pid 5001)? This cuts its 1 connection',
    ]);
    expect(questions([worker(), worker({ slot: 1 })])).toEqual([
      'reload api? Its 2 workers are replaced one at a time; no requests are dropped',
      'kill worker 0 of api (pid 5001)? This cuts its 12 connections',
    ]);
  });

  it('that makes no sense says why', () => {
    expect(press(watched(), 'end', 'r').notice?.text).toBe('docs is stopped; press u to start it');
  });

  it('is asked for again, with the reason, when what was typed is none', () => {
    const refused = press(watched(), 'enter', 'w', '9', '9', '9', 'enter');
    expect(refused.dialog).toMatchObject({ purpose: 'weight', text: '999', problem: 'enter a number from 0 to 256' });
    expect(press(refused, 'backspace').dialog).toMatchObject({ text: '99', problem: null });
    expect(effects(refused, 'backspace', 'enter')).toEqual(order('api', 'weight', { weights: [{ slot: expect.any(Number) as number, weight: 99 }] }));
  });

  it('has a result that makes room after some seconds, and another one as long again', () => {
    const told = after(watched(), { type: 'notice', notice: { kind: 'good', text: 'done' } });
    const at = (model: Model, now: number): Model => after(model, { type: 'time', now });
    expect(at(told, NOON + 4_000).notice?.text).toBe('done');
    expect(at(told, NOON + 60_000).notice).toBeNull();
    const again = after(at(told, NOON + 4_000), { type: 'notice', notice: { kind: 'bad', text: 'no' } });
    expect(at(again, NOON + 8_000).notice?.text).toBe('no');
  });

  it('for the worker with the cursor means the one that was seen, not its successor', () => {
    const asked = press(watched(), 'enter', 'down', 'k');
    const replaced = after(asked, {
      type: 'stats',
      at: NOON + 1_000,
      apps: apps().map((each) => ({ ...each, workers: each.workers.slice(0, 1) })),
      machine: MACHINE,
    });
    expect(effects(replaced, 'y')).toEqual(order('api', 'signal', { signal: 'SIGKILL', pid: 5101 }));
  });
});

describe('the overview', () => {
  const names = (model: Model, keys: readonly string[]): (string | null)[] =>
    ['home', 'down', 'down'].map((_, index) => press(model, ...keys, 'home', ...new Array<string>(index).fill('down')).app);

  it('sorts by column, and the other way round', () => {
    const sorted = press(watched(), 's', 's', 's');
    expect(names(sorted, [])).toEqual(['api', 'checkout-service-with-a-long-name', 'docs']);
    expect(names(press(sorted, 'S'), [])).toEqual(['docs', 'checkout-service-with-a-long-name', 'api']);
  });

  it('keeps the cursor on its app while rows move', () => {
    const model = press(watched(), 'down');
    expect(press(model, 's', 's', 'S').app).toBe('checkout-service-with-a-long-name');
  });

  it('filters while it is typed, and shows all at escape', () => {
    const typed = press(watched(), '/', 'o', 'c', 's');
    expect(typed.filters.apps).toBe('ocs');
    expect(press(typed, 'enter', 'enter').app).toBe('docs');
    expect(press(typed, 'backspace', 'enter').filters.apps).toBe('oc');
    expect(press(typed, 'enter', 'escape').filters.apps).toBe('');
    expect(press(typed, 'escape').filters.apps).toBe('');
  });

  it('and its page filter on their own, and escape shows all before it goes back', () => {
    const opened = press(watched(), '/', 'a', 'p', 'i', 'enter', 'enter');
    const slots = (model: Model): number[] => workerRows(model).rows.map(({ slot }) => slot);
    expect(slots(opened)).toEqual([0, 0, 1]);
    expect(slots(press(opened, '/', '1', 'enter'))).toEqual([1]);
    expect(slots(press(opened, 'f', 'D', 'r', 'a', 'enter'))).toEqual([0]);
    expect(slots(press(opened, '/', '5', '1', '0', '1', 'enter'))).toEqual([0]);
    const back = press(opened, '/', '1', 'enter', 'escape');
    expect([back.page, slots(back), press(back, 'escape').page, press(back, 'escape').filters.apps]).toEqual(['app', [0, 0, 1], 'apps', 'api']);
    expect(press(opened, '/', '1', 'enter', 'escape', 'escape', 'enter').filters.workers).toBe('');
  });

  it('stands still while it is paused, and goes on with the present', () => {
    const paused = after(press(watched(), 'p'), { type: 'stats', at: NOON + 1_000, apps: [], machine: MACHINE });
    expect(paused.paused?.apps).toHaveLength(3);
    expect(press(paused, 'p').paused).toBeNull();
    expect(press(paused, 'p').live.apps).toEqual([]);
  });
});

describe('pages', () => {
  it('open and go back, and say what is to be followed', () => {
    const opened = press(watched(), 'enter');
    expect([opened.page, opened.app]).toEqual(['app', 'api']);
    expect(effects(opened, 'l')).toEqual([{ do: 'follow', app: 'api' }]);
    expect(press(opened, 'l', 'escape').page).toBe('app');
    expect(effects(opened, 'l', 'escape')).toEqual([{ do: 'follow', app: null }]);
    expect(press(watched(), 'l', 'escape').page).toBe('apps');
    expect(press(opened, 'escape').page).toBe('apps');
    expect(press(opened, 'right').app).toBe('checkout-service-with-a-long-name');
    expect(press(opened, 'enter').logs.slot).toBe(0);
  });

  it('quit with q and Ctrl-C, but not while something is typed', () => {
    expect(effects(watched(), 'q')).toEqual([{ do: 'quit' }]);
    expect(effects(watched(), 'ctrl-c')).toEqual([{ do: 'quit' }]);
    expect(effects(watched(), '/', 'q')).toEqual([]);
    expect(press(watched(), '?', 'q').help).toBe(false);
  });

  it('have no key twice', () => {
    for (const page of ['apps', 'app', 'logs'] as const) {
      const keys = BINDINGS.filter(({ pages }) => pages.includes(page)).flatMap((binding) => binding.keys);
      expect(new Set(keys).size, page).toBe(keys.length);
    }
  });
});

describe('what comes from the daemon', () => {
  it('is not added twice when a subscription begins again', () => {
    const again = after(
      watched(),
      { type: 'events', events: EVENTS },
      { type: 'events', events: [...EVENTS, { ...EVENTS[3], id: 9 } as (typeof EVENTS)[number]] },
    );
    expect(again.live.events.map(({ id }) => id)).toEqual([1, 2, 3, 4, 9]);
  });

  it('of a log is for the app that is open alone', () => {
    const model = press(watched(), 'l');
    expect(after(model, logs(log('one'), log('two', 1, 'err'))).logs.lines.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(after(model, { type: 'logs', app: 'docs', messages: [log('x')] }).logs.lines).toEqual([]);
    expect(after(watched(), logs(log('x'))).logs.lines).toEqual([]);
  });
});
