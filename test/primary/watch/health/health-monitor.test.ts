import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CheckResult } from '../../../../src/balancing/active-check.ts';
import type { EjectionSpec, HealthCheckSpec } from '../../../../src/lifecycle/app-spec.ts';
import { moveWorker } from '../../../../src/lifecycle/move-worker.ts';
import type { WorkerState } from '../../../../src/lifecycle/states.ts';
import { HealthMonitor } from '../../../../src/primary/watch/health/health-monitor.ts';
import type { HealthWorker, Vitals } from '../../../../src/primary/watch/health/watched-worker.ts';
import { now } from '../../../../src/system/clock.ts';

const CHECK: HealthCheckSpec = {
  path: '/healthz',
  port: null,
  intervalMs: 2_000,
  timeoutMs: 2_000,
  fall: 3,
  rise: 2,
  expect: [[200, 399]],
  replaceAfterMs: 60_000,
};
const EJECTION: EjectionSpec = { takeTimeoutMs: 5_000, loopDelayMs: 1_000, errorRate: 0.5, baseMs: 10_000, maxShare: 0.34 };
const PASSED: CheckResult = { ok: true, tookMs: 3 };
const FAILED: CheckResult = { ok: false, reason: 'status 503' };
let ids = 0;

class FakeWorker implements HealthWorker {
  readonly id = ++ids;
  readonly pid = 1_000 + this.id;
  readonly slot: number;
  state: WorkerState = 'ready';
  weight = 1;
  listens = true;
  result: CheckResult | null = PASSED;
  vitals: Vitals = { beat: null, refusals: 0, untakenMs: 0 };
  readonly checkedAt: number[] = [];
  checkTakesMs = 5;

  constructor(slot: number, changes: Partial<FakeWorker> = {}) {
    this.slot = slot;
    Object.assign(this, changes);
  }

  move(to: WorkerState): void {
    this.state = moveWorker(this.state, to);
  }
}

let workers: FakeWorker[];
let events: string[];
let check: HealthCheckSpec | null;
let ejection: EjectionSpec | null;
let monitor: HealthMonitor<FakeWorker>;
let heartbeats: NodeJS.Timeout;
/** The delay of the monitor's only timer. */
const HEARTBEATS = 1;

beforeEach(() => {
  vi.useFakeTimers();
  [workers, events, check, ejection] = [[], [], CHECK, EJECTION];
  monitor = new HealthMonitor<FakeWorker>({
    workers: () => workers,
    checkOf: () => check,
    ejection: () => ejection,
    vitals: (worker) => worker.vitals,
    inRotation: ({ weight }) => weight > 0,
    probe: (worker) => {
      if (!worker.listens) return null;
      worker.checkedAt.push(now());
      return new Promise((resolve) => setTimeout(() => resolve(worker.result), worker.checkTakesMs));
    },
    eject: (worker, why) => {
      events.push(`eject ${worker.slot}: ${why}`);
      worker.move('ejected');
      monitor.wake();
    },
    readmit: (worker) => {
      events.push(`readmit ${worker.slot}`);
      worker.move('ready');
      monitor.wake();
    },
    replace: (worker, why) => events.push(`replace ${worker.slot}: ${why}`),
    changed: () => {},
  });
  heartbeats = setInterval(() => monitor.beat(), 5_000);
});

afterEach(async () => {
  clearInterval(heartbeats);
  monitor.stop();
  // Running checks finish, and no others start.
  await pass(10_000);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Ready workers that have passed their checks. */
async function group(count: number, changes: Partial<FakeWorker> = {}): Promise<FakeWorker[]> {
  workers = Array.from({ length: count }, (_, slot) => new FakeWorker(slot, changes));
  monitor.wake();
  await pass(5_000);
  return workers;
}

describe('active checks', () => {
  it('eject after `fall` failures, readmit after `rise` successes, and say why', async () => {
    const [, sick] = await group(3);
    if (sick === undefined) throw new Error('no worker');
    sick.result = FAILED;
    await pass(6_000);
    expect(events).toEqual(['eject 1: failed checks: status 503 (3 in a row)']);
    expect(sick.state).toBe('ejected');
    sick.result = PASSED;
    await pass(4_000);
    expect(events.slice(1)).toEqual(['readmit 1']);
  });

  it('come at the interval, staggered, and never overlap', async () => {
    const all = await group(4);
    await pass(60_000);
    for (const { checkedAt } of all) {
      const steady = checkedAt.slice(-20);
      expect(steady.every((at, i) => i === 0 || Math.abs(at - (steady[i - 1] ?? 0) - CHECK.intervalMs) <= 1)).toBe(true);
    }
    const moments = all.map(({ checkedAt }) => Math.round(checkedAt.at(-1) ?? 0) % CHECK.intervalMs).sort((a, b) => a - b);
    expect(
      moments.every((at, i) => i === 0 || at - (moments[i - 1] ?? 0) > 100),
      String(moments),
    ).toBe(true);
    const slow = all[0];
    if (slow !== undefined) slow.checkTakesMs = 3_000;
    const before = slow?.checkedAt.length ?? 0;
    await pass(12_000);
    expect((slow?.checkedAt.length ?? 0) - before).toBeLessThanOrEqual(5);
  });

  it('ignore inconclusive checks', async () => {
    const [one] = await group(2);
    if (one !== undefined) one.result = null;
    const passed = monitor.report()[0]?.checks.passed;
    await pass(60_000);
    expect(events).toEqual([]);
    expect(monitor.report()[0]).toMatchObject({ checks: { passed, failed: 0 }, causes: [] });
  });

  it('fail for a worker that no longer listens', async () => {
    await group(2);
    if (workers[0] !== undefined) workers[0].listens = false;
    check = { ...CHECK, port: 3001 };
    await pass(7_000);
    expect(events).toEqual(['eject 0: failed checks: not listening on port 3001 (3 in a row)']);
  });

  it('never eject a sole worker, nor one whose peers have weight 0', async () => {
    const [sole, other] = await group(2);
    if (sole === undefined || other === undefined) throw new Error('no worker');
    other.weight = 0;
    sole.result = FAILED;
    await pass(20_000);
    expect(events).toEqual([]);
    expect(monitor.report()[0]?.causes).toEqual(['failed checks: status 503 (3 in a row)']);
    other.weight = 1;
    monitor.wake();
    await pass(1);
    expect(events).toEqual(['eject 0: failed checks: status 503 (3 in a row)']);
    workers = [sole];
    monitor.wake();
    await pass(1);
    expect(events.slice(1)).toEqual(['readmit 0']);
  });

  it('ignore leaving workers', async () => {
    const [leaving] = await group(2);
    leaving?.move('draining');
    const before = leaving?.checkedAt.length;
    if (leaving !== undefined) leaving.result = FAILED;
    await pass(30_000);
    expect(leaving?.checkedAt.length).toBe(before);
    expect(events).toEqual([]);
  });
});

describe('a worker that starts', () => {
  it('passes with its first success, after any number of failures', async () => {
    await group(1);
    const young = new FakeWorker(1, { state: 'starting', listens: false, result: FAILED });
    workers.push(young);
    monitor.wake();
    await pass(3_000);
    expect([monitor.report()[1]?.checks, monitor.passed(young)]).toEqual([{ passed: 0, failed: 0 }, false]);
    young.listens = true;
    monitor.wake();
    await pass(3_000);
    expect(young.checkedAt.length).toBeGreaterThanOrEqual(6);
    expect(monitor.passed(young)).toBe(false);
    young.result = PASSED;
    await pass(505);
    expect(monitor.passed(young)).toBe(true);
    expect(events).toEqual([]);
  });

  it('passes if it has no check', async () => {
    check = null;
    const [one] = await group(1);
    expect(one !== undefined && monitor.passed(one)).toBe(true);
    expect(one?.checkedAt).toEqual([]);
  });
});

describe('replacement', () => {
  it('is requested after `replaceAfterMs`, and again if that did not help', async () => {
    await group(2);
    if (workers[1] !== undefined) workers[1].result = FAILED;
    await pass(6_000);
    expect(events).toHaveLength(1);
    await pass(60_000);
    expect(events.slice(1)).toEqual(['replace 1: failed checks: status 503 (3 in a row), for 60 s']);
    await pass(60_000);
    expect(events).toHaveLength(3);
  });

  it('applies to a sole worker too', async () => {
    await group(1);
    if (workers[0] !== undefined) workers[0].result = FAILED;
    await pass(70_000);
    expect(events).toEqual(['replace 0: failed checks: status 503 (3 in a row), for 60 s']);
  });

  it('can be disabled', async () => {
    check = { ...CHECK, replaceAfterMs: null };
    await group(2);
    if (workers[1] !== undefined) workers[1].result = FAILED;
    await pass(600_000);
    expect(events).toHaveLength(1);
  });
});

describe('passive checks', () => {
  beforeEach(() => {
    check = null;
  });

  const beat = (worker: FakeWorker | undefined, requests: number, errors: number, eventLoopDelayMs = 0): void => {
    if (worker !== undefined) worker.vitals = { ...worker.vitals, beat: { requests, statusClasses: [0, requests - errors, 0, 0, errors], eventLoopDelayMs } };
  };

  it('eject a worker that does not take its connection, until it has', async () => {
    const [stuck] = await group(3);
    if (stuck === undefined) throw new Error('no worker');
    stuck.vitals = { ...stuck.vitals, untakenMs: 5_100 };
    await pass(5_000);
    expect(events).toEqual(['eject 0: a connection was not taken in 5.1 s; back in 10 s']);
    await pass(20_000);
    expect(events).toHaveLength(1);
    stuck.vitals = { ...stuck.vitals, untakenMs: 0 };
    await pass(1_000);
    expect(events.slice(1)).toEqual(['readmit 0']);
  });

  it('eject a worker that fails much more often than its peers, and for longer each time', async () => {
    const [bad] = await group(3);
    let served = 0;
    const serve = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds; i++) {
        served += 10;
        for (const worker of workers) beat(worker, served, worker === bad ? served : 0);
        await pass(1_000);
      }
    };
    await serve(6);
    expect(events).toEqual([expect.stringMatching(/^eject 0: \d+ of \d+ answers were 5xx \(peers: 0 %\); back in 10 s$/)]);
    await serve(11);
    expect(events[1]).toBe('readmit 0');
    await serve(8);
    expect(events[2]).toMatch(/back in 20 s$/);
    expect(monitor.report()[0]).toMatchObject({ ejections: 2, state: 'ejected' });
  });

  it('eject a worker whose event loop is delayed twice in a row', async () => {
    await group(3);
    for (const worker of workers) beat(worker, 1, 0, 20);
    await pass(5_000);
    beat(workers[1], 2, 0, 1_500);
    await pass(1_000);
    beat(workers[1], 3, 0, 20);
    await pass(1_000);
    expect(events).toEqual([]);
    beat(workers[1], 4, 0, 1_200);
    await pass(1_000);
    expect(events).toEqual(['eject 1: its event loop was late by 1.5 s and 1.2 s; back in 10 s']);
    await pass(20_000);
    expect(events.slice(1)).toEqual(['readmit 1']);
  });

  it('do not count how late the first heartbeat is: the worker was loading its code', async () => {
    await group(3);
    beat(workers[1], 1, 0, 3_000);
    await pass(5_000);
    beat(workers[1], 2, 0, 1_500);
    await pass(1_000);
    expect(events).toEqual([]);
    beat(workers[1], 3, 0, 1_200);
    await pass(1_000);
    expect(events).toHaveLength(1);
  });

  it('eject no more workers than allowed', async () => {
    await group(5);
    for (const worker of workers.slice(0, 2)) worker.vitals = { ...worker.vitals, untakenMs: 9_000 };
    await pass(60_000);
    expect(workers.map(({ state }) => state)).toEqual(['ejected', 'ready', 'ready', 'ready', 'ready']);
  });

  it('can be disabled, and then no timer runs', async () => {
    ejection = null;
    await group(3);
    if (workers[0] !== undefined) workers[0].vitals = { ...workers[0].vitals, untakenMs: 9_000 };
    await pass(60_000);
    expect(events).toEqual([]);
    expect(vi.getTimerCount()).toBe(HEARTBEATS);
  });

  it('pause while there is only one worker', async () => {
    const [first, second] = await group(2);
    if (first === undefined || second === undefined) throw new Error('no worker');
    workers = [first];
    await pass(10_000);
    expect(vi.getTimerCount()).toBe(HEARTBEATS);
    workers = [first, second];
    monitor.wake();
    second.vitals = { ...second.vitals, untakenMs: 9_000 };
    await pass(5_000);
    expect(events).toEqual(['eject 1: a connection was not taken in 9 s; back in 10 s']);
  });
});

describe('self-reports', () => {
  it('down holds until the worker reports ready', async () => {
    check = null;
    const [one] = await group(2);
    if (one === undefined) throw new Error('no worker');
    monitor.saidDown(one, 'no licence');
    await pass(1);
    expect(events).toEqual(['eject 0: reported itself down: no licence']);
    await pass(600_000);
    monitor.saidReady(one);
    await pass(1);
    expect(events.slice(1)).toEqual(['readmit 0']);
  });

  it('ready does not override failed checks', async () => {
    const [one] = await group(2);
    if (one === undefined) throw new Error('no worker');
    one.result = FAILED;
    await pass(7_000);
    monitor.saidDown(one, 'no licence');
    monitor.saidReady(one);
    await pass(1_000);
    expect(events).toHaveLength(1);
  });
});

it('reports what `lb health` shows', async () => {
  const [one] = await group(2);
  if (one === undefined) throw new Error('no worker');
  one.result = FAILED;
  await pass(8_000);
  const [sick, well] = monitor.report();
  expect(sick).toMatchObject({
    slot: 0,
    pid: one.pid,
    state: 'ejected',
    last: { ok: false, reason: 'status 503', tookMs: null, at: expect.any(Number) as number },
    ejections: 1,
    causes: ['failed checks: status 503 (3 in a row)'],
    sinceMs: expect.any(Number) as number,
  });
  expect(sick?.checks.failed).toBe(sick?.lastFailures.length);
  expect(well).toMatchObject({
    slot: 1,
    state: 'ready',
    last: { ok: true, reason: null, tookMs: 3 },
    lastFailures: [],
    ejections: 0,
    causes: [],
    sinceMs: null,
  });
});
