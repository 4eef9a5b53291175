import { expect, it } from 'vitest';
import type { HistorySeries } from '../../src/protocol/history.ts';
import { stillFrame } from '../../src/monitor/still.ts';
import { apps, MACHINE, NOON } from './samples.ts';

const history: readonly HistorySeries[] = [
  { app: 'api', slot: null, metric: 'rps', from: NOON - 299_000, stepMs: 1000, values: Array.from({ length: 300 }, (_, second) => second * 2) },
];
const still = (app: string | null): string => stillFrame({ columns: 120, at: NOON, apps: apps(), machine: MACHINE, history, app }).toString();

it('has all rows, the charts of the time before, and neither cursor nor keys', () => {
  expect(still(null)).toMatch(/^ api .* [▁-█]{8}$/m);
  expect(still(null)).toContain('docs');
  expect(still(null)).not.toContain('q quit');
  expect(still('api')).toContain('slot 0 draining');
});
