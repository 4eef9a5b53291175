import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { FakeWorker } from './fake-workers.ts';
import { PrimaryHarness } from './primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

const newVersion = (changes: Partial<AppSpec> = {}): AppSpec => sampleSpec({ args: ['v2'], ...changes });

describe('a worker that never sends anything', () => {
  it('fails a start after the timeout', async () => {
    const app = new PrimaryHarness(() => ({ bootMs: null }));
    const start = app.start({ instances: 1, listenTimeoutMs: 2_000, waitReady: true });
    await app.advance(2_100);
    expect(start.error?.message).toContain("not ready: no process.send('ready') within 2 s");
  });

  it('fails a reload after the timeout', async () => {
    const app = await PrimaryHarness.online({ instances: 3, listenTimeoutMs: 2_000 });
    app.behave = () => ({ bootMs: null });
    const reload = app.order({ kind: 'reload' });
    await app.advance(1_990);
    expect(reload.error).toBeNull();
    await app.advance(100);
    expect(reload.error?.message).toContain('not ready: not listening within 2 s');
    expect(app.alive).toHaveLength(3);
  });

  it('is ready if it never listens and its event loop is idle', async () => {
    const app = new PrimaryHarness(() => ({ bootMs: null }));
    const start = app.start({ instances: 1, minUptimeMs: 1_000 });
    await app.advance(1);
    app.workers[0]?.beat({ eventLoopUtilization: 0.9 });
    await app.advance(1_500);
    expect(start.answer).toBeNull();
    app.workers[0]?.beat({ eventLoopUtilization: 0.01 });
    await app.advance(300);
    expect(await app.snapshot()).toMatchObject({ ready: 1 });
    await app.advance(5_000);
    expect(start.answer).toMatchObject({ message: 'api is online with 1 worker, not listening' });
  });
});

describe('a worker whose channel is closed', () => {
  it('gets no connections, and causes no endless loop', async () => {
    const app = await PrimaryHarness.online();
    const [cut, other] = app.workers;
    let sends = 0;
    const send = FakeWorker.prototype.send.bind(cut);
    if (cut !== undefined) {
      cut.send = (...rest: Parameters<FakeWorker['send']>) => {
        if (++sends > 100) throw new Error('it is tried for ever');
        return send(...rest);
      };
      cut.connected = false;
    }
    const connections = [app.accept(), app.accept(), app.accept()];
    await app.advance(50);
    for (const connection of connections) expect(app.takerOf(connection)).toBe(other);
    expect(sends).toBeLessThan(10);
  });
});

describe('unwanted slots', () => {
  it('are removed after a failed scale', async () => {
    const app = await PrimaryHarness.online();
    app.behave = ({ slot }) => (slot === 2 ? { bootMs: null, crashAfterMs: 50 } : {});
    app.order({ kind: 'scale', to: 3 });
    await app.advance(3_000);
    expect((await app.snapshot()).troubledSlots).toEqual([]);
    app.behave = () => ({});
    const reload = app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(5_000);
    expect(reload.answer).not.toBeNull();
  });

  it('are removed after a restart with fewer workers', async () => {
    const app = await PrimaryHarness.online({ instances: 4 });
    app.order({ kind: 'restart', spec: newVersion({ instances: 2 }) });
    await app.advance(3_000);
    const reload = app.order({ kind: 'reload', monitorMs: 0 });
    const scale = app.order({ kind: 'scale', to: 3 });
    await app.advance(5_000);
    expect([reload.answer, scale.answer]).not.toContain(null);
  });

  it('are removed after scaling down an errored slot', async () => {
    const app = await PrimaryHarness.online({ instances: 3, maxRestarts: 0 });
    app.behave = () => ({ bootMs: null, crashAfterMs: 50 });
    app.workers[2]?.end(1, null);
    await app.advance(5_000);
    app.order({ kind: 'scale', to: 2 });
    await app.advance(500);
    expect(await app.snapshot()).toMatchObject({ state: 'online', troubledSlots: [] });
  });
});

describe('operations that wait for one that ends the app', () => {
  it('a reload behind a stop is aborted, and starts nothing', async () => {
    const app = await PrimaryHarness.online({}, () => ({ drainMs: 500 }));
    app.order({ kind: 'stop' });
    await app.advance(10);
    const reload = app.order({ kind: 'reload' });
    await app.advance(5_000);
    expect(reload.error?.code).toMatch(/LB_ERR_ABORTED|LB_ERR_APP_STOPPED/);
    expect(app.workers).toHaveLength(2);
    expect(app.alive).toEqual([]);
  });

  it('a reload behind a failing start is aborted', async () => {
    const app = new PrimaryHarness(() => ({ bootMs: null, crashAfterMs: 50 }));
    app.start({ maxRestarts: 0 });
    await app.advance(10);
    const reload = app.order({ kind: 'reload' });
    await app.advance(5_000);
    expect(reload.error).not.toBeNull();
    expect(app.workers).toHaveLength(2);
  });

  it('a second stop is answered, and the app ends once', async () => {
    const app = await PrimaryHarness.online({}, () => ({ drainMs: 500 }));
    const stops = [app.order({ kind: 'stop' }), app.order({ kind: 'stop' })];
    await app.advance(5_000);
    expect(stops.map(({ answer }) => answer?.kind)).toEqual(['done', 'done']);
    expect(app.messages.filter(({ type }) => type === 'ended')).toHaveLength(1);
    expect(app.finished).toBe(1);
  });
});

describe('stop --now', () => {
  it('kills workers that an earlier stop drains', async () => {
    const app = await PrimaryHarness.online({}, () => ({ drainMs: null, leaveMs: null }));
    app.order({ kind: 'stop' });
    await app.advance(100);
    app.order({ kind: 'stop', now: true });
    await app.advance(50);
    expect(app.alive).toEqual([]);
  });

  it('kills workers that a reload drains', async () => {
    const app = await PrimaryHarness.online({}, () => ({ drainMs: null, leaveMs: null }));
    app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(500);
    app.order({ kind: 'stop', now: true });
    await app.advance(50);
    expect(app.alive).toEqual([]);
  });
});

describe('a reload that cannot succeed', () => {
  it('ends if the old definition no longer starts either, and does not fork in a tight loop', async () => {
    const app = await PrimaryHarness.online({ instances: 3 });
    app.behave = ({ slot, spec }) => (spec.args[0] === 'v2' && slot < 2 ? {} : { bootMs: null, crashAfterMs: 50 });
    const reload = app.order({ kind: 'reload', spec: newVersion({ instances: 3 }), monitorMs: 0 });
    await app.advance(2_000);
    const forks = app.workers.length;
    await app.advance(10_000);
    expect(app.workers.length - forks).toBeLessThan(20);
    app.order({ kind: 'abort' });
    await app.advance(1_000);
    expect(reload.error).not.toBeNull();
  });

  it('ends if one of its slots is stopped by an exit code', async () => {
    const app = await PrimaryHarness.online({ stopExitCodes: [0] });
    app.behave = ({ slot }) => (slot === 2 ? { bootMs: null, crashAfterMs: 50, code: 0 } : {});
    const reload = app.order({ kind: 'reload', spec: newVersion({ instances: 3, stopExitCodes: [0] }), monitorMs: 0, onFailure: 'continue' });
    await app.advance(120_000);
    expect(reload.error).not.toBeNull();
  });
});

describe('--parallel', () => {
  it('limits the number of extra workers, including leaving ones', async () => {
    const app = await PrimaryHarness.online({ instances: 8, maxDraining: 2 }, ({ n }) => ({ drainMs: 2_000, bootMs: 100 + (n % 5) * 130 }));
    const reload = app.order({ kind: 'reload', parallel: 3, monitorMs: 100 });
    let most = 0;
    while (reload.answer === null) {
      await app.advance(10);
      most = Math.max(most, app.alive.length);
    }
    expect(most).toBeLessThanOrEqual(11);
  });
});

describe('the state', () => {
  it('of an app whose start was just ordered is starting', async () => {
    const app = new PrimaryHarness();
    app.start();
    expect((await app.snapshot()).state).toBe('starting');
  });
});

describe('the memory limit', () => {
  it('does not replace the successor of a worker that died while its replacement was queued', async () => {
    const app = await PrimaryHarness.online({ maxMemoryBytes: 100 });
    app.order({ kind: 'scale', to: 3 });
    app.behave = ({ slot }) => (slot === 2 ? { bootMs: 4_000 } : {});
    await app.advance(10);
    const [fat] = app.workers;
    app.memoryBytes.set(fat?.pid ?? 0, 200);
    await app.advance(2_000);
    fat?.end(null, 'SIGKILL');
    await app.advance(10_000);
    expect(app.workers).toHaveLength(4);
  });
});

describe('new workers that are ejected at the same moment', () => {
  it('fail the reload that waits for them, but do not crash the primary', async () => {
    const app = await PrimaryHarness.online({ instances: 3 });
    const old = app.pids;
    const reload = app.order({ kind: 'reload', allAtOnce: true, spec: newVersion({ instances: 3 }) });
    await app.advance(50);
    for (const worker of app.workers.slice(3)) worker.emit('message', { lb: 'down', reason: 'no database' });
    await app.advance(5_000);
    expect(reload.error?.message).toContain('reported itself down: no database');
    expect(app.pids).toEqual(old);
  });
});

describe('a worker that is ejected while others start', () => {
  it('does not block the start and the operations behind it', async () => {
    const app = new PrimaryHarness(({ slot }) => ({ bootMs: slot === 2 ? 2_000 : 50 }));
    const start = app.start({ instances: 3 });
    await app.advance(500);
    app.workers[0]?.emit('message', { lb: 'down', reason: 'no database' });
    await app.advance(2_000);
    expect(start.answer).not.toBeNull();
    expect(app.events.some((event) => event.startsWith('eject: worker 0'))).toBe(true);
  });
});

describe('weights of slots that come and go', () => {
  it('leave at least one slot that gets connections', async () => {
    const app = await PrimaryHarness.online({ instances: 3, weights: [0, 0, 1] });
    const scale = app.order({ kind: 'scale', to: 2 });
    await app.advance(1_000);
    expect(scale.error?.message).toContain('the remaining 2 slots would have no weight above 0');
    expect(app.alive).toHaveLength(3);
    expect((await app.snapshot()).spec.instances).toBe(3);
  });

  it('are kept while the slot does not exist, even if another weight changes', async () => {
    const app = await PrimaryHarness.online({ instances: 3, weights: [1, 1, 5] });
    app.order({ kind: 'scale', to: 2 });
    await app.advance(1_000);
    app.order({ kind: 'weight', weights: [{ slot: 0, weight: 2 }] });
    app.order({ kind: 'scale', to: 3 });
    await app.advance(1_000);
    expect((await app.snapshot()).workers.map(({ weight }) => weight)).toEqual([2, 1, 5]);
  });
});

describe('a new worker that is ejected after its old one has left', () => {
  it('fails the reload, but finishes what it serves', async () => {
    const app = await PrimaryHarness.online({ instances: 2 });
    const reload = app.order({ kind: 'reload', monitorMs: 2_000 });
    await app.advance(3_000);
    const [, , fresh] = app.workers;
    fresh?.emit('message', { lb: 'down', reason: 'no database' });
    await app.advance(5);
    expect([fresh?.leaving, fresh?.alive]).toEqual([true, true]);
    await app.advance(5_000);
    expect(reload.error?.message).toContain('reported itself down: no database');
  });
});
