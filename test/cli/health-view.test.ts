import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { healthView, isHealthy } from '../../src/cli/output/health-view.ts';
import { colored } from '../../src/cli/output/style.ts';
import type { WorkerHealth } from '../../src/protocol/snapshot.ts';
import { app, worker } from '../client/samples.ts';

const AT = new Date(2026, 10, 20, 10, 31, 7).getTime();

function health(changes: Partial<WorkerHealth> = {}): WorkerHealth {
  return {
    slot: 0,
    pid: 5001,
    state: 'ready',
    checks: { passed: 41, failed: 0 },
    last: { ok: true, reason: null, tookMs: 3, at: AT },
    lastFailures: [],
    ejections: 0,
    causes: [],
    sinceMs: null,
    ...changes,
  };
}

const SICK = health({
  slot: 1,
  pid: 5002,
  state: 'ejected',
  checks: { passed: 38, failed: 3 },
  last: { ok: false, reason: 'status 503', tookMs: null, at: AT },
  lastFailures: [
    { reason: 'no answer in 2 s', at: AT - 3_000 },
    { reason: 'status 503', at: AT },
  ],
  ejections: 2,
  causes: ['failed checks: status 503 (3 in a row)', 'reported itself down: no database'],
  sinceMs: 3_100,
});
const QUIET = health({ slot: 2, pid: 5003, checks: { passed: 0, failed: 0 }, last: null });

const workers = [
  worker(),
  worker({ slot: 1, pid: 5002, state: 'ejected' }),
  worker({ slot: 2, pid: 5003, withdrawn: 'debugging', weight: 0 }),
  worker({ slot: 3, pid: 5004, weight: 0 }),
];
const ill = app({ state: 'degraded', instances: 4, ready: 3, healthy: 1, workers, health: [QUIET, SICK, health(), health({ slot: 3, pid: 5004 })] });

it('shows who is out of the rotation, and why', () => {
  expect(healthView(ill, { width: null })).toMatchSnapshot();
});

it('says the same with and without colour', async () => {
  const text = healthView(ill, { width: 120, style: await colored(1) });
  expect(text).toContain('\u001b[33mstatus 503');
  expect(stripVTControlCharacters(text)).toBe(healthView(ill, { width: 120 }));
});

it('tells when health is ignored, and who serves though it should not', () => {
  const text = healthView(app({ ready: 1, healthy: 1, panic: true, health: [{ ...SICK, state: 'ready' }] }), { width: null });
  expect(text).toContain('fewer than half of the workers are healthy; connections go to all of them');
  expect(text).toContain('for 3 s (still serving)');
});

it('is one line without workers', () => {
  expect(healthView(app({ state: 'stopped', ready: 0, healthy: 0 }), { width: null })).toBe('api  not healthy  0 of 2 workers ready\n');
});

it('takes ready_min for the verdict, and a stop for none', () => {
  const { spec } = app();
  expect(isHealthy(app({ ready: 1, healthy: 1 }))).toBe(true);
  expect(isHealthy(app({ ready: 0, healthy: 0 }))).toBe(false);
  expect(isHealthy(app({ ready: 1, healthy: 1, spec: { ...spec, readyMin: 2 } }))).toBe(false);
  expect(isHealthy(app({ ready: 2, state: 'stopping' }))).toBe(false);
  expect(healthView(app({ ready: 1, healthy: 1, spec: { ...spec, readyMin: 2 } }), { width: null })).toContain('not healthy  1 of 2 workers ready, 2 needed');
});

it('names where a check that passed is redirected', () => {
  const last = { ok: true, reason: null, note: 'redirects to https://shop.example/', tookMs: 3, at: AT };
  expect(healthView(app({ health: [health({ last })] }), { width: null })).toContain('ok in 3 ms, redirects to https://shop.example/');
});
