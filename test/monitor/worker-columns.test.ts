import { expect, it } from 'vitest';
import { toneOf } from '../../src/lifecycle/states.ts';
import { MEASURES } from '../../src/monitor/measures.ts';
import { stateStyle, toneStyle } from '../../src/monitor/tones.ts';
import { workerColumns } from '../../src/monitor/worker-columns.ts';
import type { WorkerHealth } from '../../src/protocol/snapshot.ts';
import { app, worker } from '../client/samples.ts';

const HEALTH: WorkerHealth = {
  slot: 0,
  pid: 1,
  state: 'ready',
  causes: [],
  sinceMs: null,
  checks: { passed: 1, failed: 0 },
  last: { at: 0, ok: true, tookMs: 1, reason: null },
  lastFailures: [],
  ejections: 0,
};

it.each([
  ['out', 'warn', { state: 'ejected' }, { causes: ['status 503'] }],
  ['drain', 'warn', { withdrawn: 'deploying' }, {}],
  ['sick', 'warn', {}, { causes: ['status 503'] }],
  ['failing', 'warn', {}, { last: { at: 0, ok: false, tookMs: 1, reason: 'status 503' } }],
  ['ok', 'good', {}, {}],
] as const)('a worker whose health is "%s" has the tone "%s"', (word, tone, changes, health) => {
  const one = worker({ pid: 1, ...changes });
  const column = workerColumns(app({ workers: [one], health: [{ ...HEALTH, ...health }] }), [], MEASURES[0]).find(({ title }) => title === 'health');
  expect(column?.cell(one, 7)).toEqual({ text: word, style: toneStyle(tone) });
  expect(column?.width).toBeGreaterThanOrEqual(word.length);
});

it('an ejected worker looks the same in every column', () => {
  expect(stateStyle('ejected')).toBe(toneStyle(toneOf('ejected')));
});
