import { expect, it } from 'vitest';
import { underWay } from '../../src/monitor/under-way.ts';
import { stateStyle } from '../../src/monitor/tones.ts';
import { app, worker } from '../client/samples.ts';

const LAST = { slot: 0, cause: 'TypeError: x is not a function at server.js:12', agoMs: 72_000 };

it('says why a slot has no worker, and why a worker failed recently', () => {
  const texts = underWay(app({ troubledSlots: [{ slot: 1, state: 'waiting', restartInMs: 3_000, restarts: 2, cause: 'exit code 3' }], lastFailure: LAST }));
  expect(texts.map(({ text }) => text)).toEqual([
    'slot 1 waiting after 2 restarts, next restart in 3s: exit code 3',
    'slot 0 ended 72s ago: TypeError: x is not a function at server.js:12',
  ]);
});

it('a worker that was ejected has the tone of its state', () => {
  const ejected = worker({ state: 'ejected' });
  expect(underWay(app({ workers: [ejected] }))).toEqual([{ text: 'slot 0 ejected', style: stateStyle('ejected') }]);
});

it('says it once for a slot', () => {
  const texts = underWay(app({ troubledSlots: [{ slot: 0, state: 'errored', restartInMs: null, restarts: 16, cause: LAST.cause }], lastFailure: LAST }));
  expect(texts.map(({ text }) => text)).toEqual(['slot 0 errored after 16 restarts: TypeError: x is not a function at server.js:12']);
});
