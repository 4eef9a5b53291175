import { app, worker } from '../client/samples.ts';
import type { LbEvent } from '../../src/protocol/control.ts';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import type { Machine } from '../../src/monitor/machine.ts';
import { initialModel, type Model } from '../../src/monitor/model.ts';
import { update, type Message } from '../../src/monitor/update.ts';

/** Noon in whatever time zone the test runs in. */
export const NOON = new Date(2026, 10, 20, 12, 0, 0).getTime();

export const MACHINE: Machine = { cores: 4, cpu: 0.43, memoryUsedBytes: 5.2 * 1024 ** 3, memoryBytes: 16 * 1024 ** 3, load: [1.21, 0.98, 0.77] };

const blockers = { requests: 3, oldestMs: 12_300, connections: 5, websockets: 2, sockets: 0 };

/** Three apps: one that reloads, one that is slow and fails, one that is stopped. */
export function apps(second = 0): readonly AppSnapshot[] {
  const wave = 1 + Math.sin(second / 20);
  return [
    app({
      state: 'reloading',
      generation: 2,
      instances: 2,
      ready: 2,
      requestsPerSecond: 400 * wave,
      cpuPercent: 60 * wave,
      operation: { kind: 'reload', sinceMs: 4_000 },
      queuedOperations: ['scale'],
      workers: [
        worker({ generation: 1, state: 'draining', blockers, requestsPerSecond: 0 }),
        worker({ generation: 2, pid: 5101, startedAt: 1_790_000_100_000, uptimeMs: 4_000, requestsPerSecond: 210 * wave }),
        worker({ slot: 1, pid: 5002, requestsPerSecond: 190 * wave, eventLoopUtilization: 0.97, eventLoopDelayMs: 180, weight: 0 }),
      ],
    }),
    app({
      name: 'checkout-service-with-a-long-name',
      state: 'degraded',
      ready: 1,
      restarts: 3,
      errorRate: 0.12,
      p99Ms: 4_210,
      requestsPerSecond: 12_345,
      workers: [worker({ state: 'ejected' })],
      troubledSlots: [{ slot: 1, state: 'waiting', restartInMs: 3_000, restarts: 3, cause: 'TypeError: x is not a function at server.js:12' }],
      lastFailure: { slot: 0, cause: 'signal SIGSEGV', agoMs: 72_000 },
      health: [
        {
          slot: 0,
          pid: 5001,
          state: 'ejected',
          checks: { passed: 10, failed: 3 },
          last: null,
          lastFailures: [],
          ejections: 1,
          causes: ['half of its answers are 5xx'],
          sinceMs: 4_000,
        },
      ],
    }),
    app({
      name: 'docs',
      state: 'stopped',
      ready: 0,
      instances: 1,
      node: '',
      primaryPid: null,
      startedAt: null,
      uptimeMs: null,
      cpuPercent: null,
      memoryBytes: null,
      connections: 0,
      requestsPerSecond: 0,
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
      errorRate: null,
      listeners: [],
      workers: [],
    }),
  ];
}

export const EVENTS: readonly LbEvent[] = [
  { id: 1, at: NOON - 60_000, app: null, kind: 'daemon-start', severity: 'info', message: 'daemon 0.1.0 has started', details: { unclean: false } },
  { id: 2, at: NOON - 5_000, app: 'api', kind: 'operation-begin', severity: 'info', message: 'reload begins', details: { operation: 'reload' } },
  {
    id: 3,
    at: NOON - 3_000,
    app: 'api',
    kind: 'ready',
    severity: 'info',
    message: 'worker 0 ready in 312 ms',
    slot: 0,
    pid: 5101,
    details: { tookMs: 312, generation: 2 },
  },
  {
    id: 4,
    at: NOON - 1_000,
    app: 'checkout-service-with-a-long-name',
    kind: 'eject',
    severity: 'warn',
    message: 'worker 0 ejected: half of its responses are 5xx',
    slot: 0,
    pid: 5001,
  },
];

export const after = (model: Model, ...messages: readonly Message[]): Model => messages.reduce((now, message) => update(now, message).model, model);

export const press = (model: Model, ...keys: readonly string[]): Model => after(model, ...keys.map((key): Message => ({ type: 'key', key })));

/** A monitor that has watched the three apps for five minutes until noon. */
export function watched(columns = 80, rows = 24): Model {
  const fresh = after(initialModel({ columns, rows, now: NOON, app: null }), { type: 'events', events: EVENTS });
  const seconds = Array.from({ length: 300 }, (_, index) => index - 299);
  return after(fresh, ...seconds.map((second): Message => ({ type: 'stats', at: NOON + second * 1000, apps: apps(second), machine: MACHINE })));
}

export const log = (text: string, slot = 0, stream: 'out' | 'err' = 'out') =>
  ({ type: 'line', line: { app: 'api', slot, pid: 5001 + slot, stream, at: NOON, text } }) as const;

export const logs = (...messages: readonly ReturnType<typeof log>[]): Message => ({ type: 'logs', app: 'api', messages });
