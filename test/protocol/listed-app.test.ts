import { expect, it } from 'vitest';
import { listView } from '../../src/cli/output/list-view.ts';
import { listedApp } from '../../src/protocol/listed-app.ts';
import type { AppSnapshot, WorkerHealth } from '../../src/protocol/snapshot.ts';
import { app, worker } from '../client/samples.ts';

const ejected: WorkerHealth = {
  slot: 1,
  pid: 5002,
  state: 'ejected',
  checks: { passed: 3, failed: 4 },
  last: null,
  lastFailures: [],
  ejections: 1,
  causes: ['4 checks failed'],
  sinceMs: 900,
};
const blockers = { requests: 3, oldestMs: 12_300, connections: 3, websockets: 2, sockets: 0 };

it.each<[string, Partial<AppSnapshot>]>([
  ['is online', {}],
  ['is stopped', { state: 'stopped', ready: 0, node: '', uptimeMs: null, workers: [] }],
  ['is errored', { state: 'errored', workers: [], troubledSlots: [{ slot: 0, state: 'errored', restartInMs: null, restarts: 16 }], error: 'exit code 1' }],
  [
    'is reloaded',
    {
      state: 'reloading',
      workers: [worker(), worker({ slot: 1, state: 'draining', blockers })],
      operation: { kind: 'reload', sinceMs: 3_200 },
      queuedOperations: ['scale'],
      queued: 2,
    },
  ],
  [
    'has workers out of the rotation',
    { panic: true, workers: [worker({ withdrawn: 'maintenance' }), worker({ slot: 1, pid: 5002, state: 'ejected' })], health: [ejected] },
  ],
  ['scales by itself', { autoscaling: { on: true, min: 2, max: 8, target: { metric: 'elu', value: 0.6 }, now: 'elu 0.41 of 0.6 over 5 s', last: null } }],
])('is listed as the whole of it would be when it %s', (_, changes) => {
  const whole = app(changes);
  expect(listView([listedApp(whole)], { width: 200 })).toBe(listView([whole], { width: 200 }));
});

it('leaves out what nobody reads in a list: ready workers, the definition, the counters', () => {
  const workers = Array.from({ length: 64 }, (_, slot) => worker({ slot }));
  expect(JSON.stringify(listedApp(app({ workers }))).length).toBeLessThan(600);
});
