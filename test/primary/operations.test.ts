import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MAX_INSTANCES } from '../../src/lifecycle/app-spec.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { PrimaryHarness } from './primary-harness.ts';
// Imported after the harness, which mocks the fork.
import { STARTING_AT_ONCE } from '../../src/primary/workers/pool.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('scale', () => {
  it.each([
    ['plain', 3, 1],
    ['plain', 1, 0],
    ['cluster', 3, 0],
  ] as const)('of %s workers to %i says when they are several primaries', async (kind, to, count) => {
    const app = await PrimaryHarness.online({ kind, instances: 2 });
    const scale = app.order({ kind: 'scale', to });
    await app.advance(1_000);
    expect(scale.answer).toMatchObject({ kind: 'done' });
    const notes = scale.progress.filter(({ message }) => message.includes('each of its 3 workers is a primary of its own'));
    expect(notes).toHaveLength(count);
  });

  it.each([
    ['up to a number', { to: 4 }, [0, 1, 2, 3]],
    ['up by a number', { by: 1 }, [0, 1, 2]],
    ['down to a number', { to: 1 }, [0]],
    ['down by more than there are: one stays', { by: -9 }, [0]],
    ['to what there is', { to: 2 }, [0, 1]],
  ])('%s', async (_, how, slots) => {
    const app = await PrimaryHarness.online();
    const scale = app.order({ kind: 'scale', ...how });
    await app.advance(500);
    expect(scale.answer).toMatchObject({
      message: `api has ${slots.length} worker${slots.length === 1 ? '' : 's'} (had 2)`,
      spec: { instances: slots.length },
    });
    expect(Object.keys(app.pids).map(Number)).toEqual(slots);
    expect(app.alive).toHaveLength(slots.length);
  });

  it('up fails with the first new worker that crashes, and goes back to the previous number', async () => {
    const app = await PrimaryHarness.online();
    const before = app.pids;
    app.behave = ({ slot }) => (slot === 3 ? { bootMs: null, crashAfterMs: 50 } : {});
    const scale = app.order({ kind: 'scale', to: 4 });
    await app.advance(1_000);
    expect(scale.error).toMatchObject({ code: 'LB_ERR_OPERATION_FAILED', message: expect.stringContaining('scale of "api" failed: worker 3') });
    expect(app.pids).toEqual(before);
    expect(await app.snapshot()).toMatchObject({ instances: 2, spec: { instances: 2 } });
  });

  it('refuses more than the maximum, and changes nothing', async () => {
    const app = await PrimaryHarness.online();
    const { pids } = app;
    const scale = app.order({ kind: 'scale', by: MAX_INSTANCES - 1 });
    await app.advance(100);
    expect(scale.error).toMatchObject({
      code: 'LB_ERR_OPERATION_FAILED',
      message: expect.stringContaining(`it would have ${MAX_INSTANCES + 1} workers; the maximum is ${MAX_INSTANCES}`),
    });
    expect(app.pids).toEqual(pids);
  });

  it('starts a limited number at a time, and a stop does not wait for the rest', async () => {
    const app = await PrimaryHarness.online();
    const scale = app.order({ kind: 'scale', to: 3 * STARTING_AT_ONCE });
    await app.advance(90);
    expect(app.alive).toHaveLength(2 + STARTING_AT_ONCE);
    await app.advance(100);
    expect(app.alive).toHaveLength(2 + 2 * STARTING_AT_ONCE);
    const stop = app.order({ kind: 'stop' });
    await app.advance(500);
    expect(scale.error).toMatchObject({ code: 'LB_ERR_ABORTED' });
    expect(stop.answer).toMatchObject({ message: expect.stringContaining('stopped') as string });
    expect(app.alive).toEqual([]);
  });

  it('down and up again while the old one still drains gives the slot a new worker', async () => {
    const app = await PrimaryHarness.online({}, () => ({ drainMs: 5_000 }));
    const down = app.order({ kind: 'scale', to: 1 });
    await app.advance(100);
    const up = app.order({ kind: 'scale', to: 2 });
    await app.advance(10_000);
    expect([down.answer, up.answer]).toMatchObject([{ message: 'api has 1 worker (had 2)' }, { message: 'api has 2 workers (had 1)' }]);
    expect(app.alive).toHaveLength(2);
  });
});

describe('restart', () => {
  it('stops all, then starts all; connections wait meanwhile', async () => {
    const app = await PrimaryHarness.online();
    const restart = app.order({ kind: 'restart', spec: sampleSpec({ args: ['v2'] }) });
    await app.advance(50);
    const connection = app.accept();
    await app.advance(1);
    expect(app.takerOf(connection)).toBeUndefined();
    expect(await app.snapshot()).toMatchObject({ state: 'reloading', queued: 1 });
    await app.advance(500);
    expect(restart.answer).toMatchObject({ message: 'api restarted with 2 workers' });
    expect(app.takerOf(connection)).toMatchObject({ spec: { args: ['v2'] } });
    expect(restart.progress[0]?.message).toContain('connections wait for the new ones');
  });

  it('fails with the first worker that does not come up; the restart policy goes on', async () => {
    const app = await PrimaryHarness.online();
    app.behave = ({ slot, n }) => (slot === 1 && n < 5 ? { bootMs: null, crashAfterMs: 50 } : {});
    const restart = app.order({ kind: 'restart' });
    await app.advance(200);
    expect(restart.error).toMatchObject({ code: 'LB_ERR_OPERATION_FAILED', message: expect.stringContaining('worker 1') });
    await app.advance(2_000);
    expect((await app.snapshot()).state).toBe('online');
  });
});

describe('the memory limit', () => {
  it('replaces a worker, new one first', async () => {
    const app = await PrimaryHarness.online({ maxMemoryBytes: 100 * 1048576 });
    const [fat] = app.workers;
    app.memoryBytes.set(fat?.pid ?? 0, 120 * 1048576);
    await app.advance(1_000);
    expect(app.events).toContain('recycle: replacing worker 0: it uses 120 MB, the limit is 100 MB');
    await app.advance(500);
    expect(fat?.alive).toBe(false);
    expect(Object.keys(app.pids)).toEqual(['0', '1']);
    expect((await app.snapshot()).lastExits).toMatchObject([{ slot: 0, stopReason: 'memory' }]);
    expect((await app.snapshot()).restarts).toBe(0);
  });

  it('keeps the old worker if the new one fails, and tries again later', async () => {
    const app = await PrimaryHarness.online({ maxMemoryBytes: 100 });
    const [fat] = app.workers;
    app.memoryBytes.set(fat?.pid ?? 0, 200);
    app.behave = ({ n }) => (n < 3 ? { bootMs: null, crashAfterMs: 50 } : {});
    await app.advance(1_500);
    expect(fat).toMatchObject({ alive: true, leaving: false });
    const forked = app.workers.length;
    await app.advance(28_000);
    expect(app.workers).toHaveLength(forked);
    await app.advance(5_000);
    expect(fat?.alive).toBe(false);
  });
});

describe('crashes', () => {
  it('are restarted immediately the first time, and the app is degraded until then', async () => {
    const app = await PrimaryHarness.online();
    app.workers[0]?.end(null, 'SIGKILL');
    await app.advance(1);
    expect(app.workers).toHaveLength(3);
    expect(await app.snapshot()).toMatchObject({ state: 'degraded', ready: 1 });
    await app.advance(200);
    expect(await app.snapshot()).toMatchObject({
      state: 'online',
      restarts: 1,
      lastExits: [{ slot: 0, signal: 'SIGKILL', stopReason: null, stateBefore: 'ready' }],
    });
    expect(app.events).toContain('exit: worker 0 ended: signal SIGKILL');
  });

  it('are counted even if a grandchild keeps the output of the worker open', async () => {
    const app = await PrimaryHarness.online({ instances: 1, autorestart: false, minUptimeMs: 0 }, () => ({ stdout: new PassThrough() }));
    app.workers[0]?.end(1, null);
    await app.advance(400);
    const exits = app.messages.flatMap((message) => (message.type === 'stats' ? [message.stats.totals.exits] : []));
    expect(exits.at(-1)).toEqual({ crashed: 1 });
  });

  it('a slot that gives up leaves the others serving', async () => {
    const app = await PrimaryHarness.online({ maxRestarts: 3 });
    app.behave = ({ slot }) => (slot === 1 ? { bootMs: null, crashAfterMs: 20 } : {});
    app.workers[1]?.end(1, null);
    await app.advance(30_000);
    const forks = app.workers.length;
    expect(await app.snapshot()).toMatchObject({ state: 'degraded', ready: 1, troubledSlots: [{ slot: 1, state: 'errored', restartInMs: null }] });
    expect(app.events).toContain('errored: worker 1 gave up after 4 unstable exits in a row');
    await app.advance(60_000);
    expect(app.workers).toHaveLength(forks);
  });

  it('the app ends as errored when every slot has given up', async () => {
    const app = await PrimaryHarness.online({ maxRestarts: 2 });
    app.behave = () => ({ bootMs: null, crashAfterMs: 20, code: 9 });
    for (const worker of app.alive) worker.end(9, null);
    await app.advance(30_000);
    expect(app.messages.at(-1)).toMatchObject({
      type: 'ended',
      state: 'errored',
      error: expect.stringContaining('exit code 9; every worker gave up after 2 unstable restarts'),
    });
    expect(app.finished).toBe(1);
  });

  it('the app ends as stopped when its workers ended normally', async () => {
    const app = await PrimaryHarness.online({ stopExitCodes: [0] });
    for (const worker of app.alive) worker.end(0, null);
    await app.advance(100);
    expect(app.messages.at(-1)).toMatchObject({ type: 'ended', state: 'stopped' });
  });

  it('a reload gives a slot that gave up another chance', async () => {
    const app = await PrimaryHarness.online({ maxRestarts: 0 });
    app.behave = ({ n }) => (n === 2 ? { bootMs: null, crashAfterMs: 20 } : {});
    app.workers[1]?.end(1, null);
    await app.advance(1_000);
    expect((await app.snapshot()).state).toBe('degraded');
    const reload = app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(2_000);
    expect(reload.answer).not.toBeNull();
    expect((await app.snapshot()).state).toBe('online');
  });
});

describe('connections', () => {
  it('not yet taken by a worker that dies go to another one', async () => {
    const app = await PrimaryHarness.online({}, ({ n }) => (n === 0 ? { ackMs: 10_000 } : {}));
    const connections = [app.accept(), app.accept(), app.accept()];
    await app.advance(1);
    expect(connections.filter((connection) => app.takerOf(connection) === undefined)).toHaveLength(1);
    app.workers[0]?.end(null, 'SIGKILL');
    await app.advance(5);
    for (const connection of connections) expect(app.takerOf(connection)).toBe(app.workers[1]);
  });

  it('wait for the first worker, in order', async () => {
    const app = await PrimaryHarness.online({ instances: 1 });
    app.workers[0]?.end(null, 'SIGKILL');
    const connections = [app.accept(), app.accept(), app.accept()];
    await app.advance(50);
    expect((await app.snapshot()).queued).toBe(3);
    await app.advance(100);
    expect(app.workers[1]?.connections).toEqual(connections);
  });

  it('refused by a full worker go to the next, and it is tried again later', async () => {
    const app = await PrimaryHarness.online();
    const [full, other] = app.workers;
    const refused = app.accept();
    await app.advance(1);
    expect(full?.connections).toEqual([refused]);
    full?.tell({ t: 'refused', key: '*|3000|4|0' }, refused);
    await app.advance(1);
    expect(other?.connections).toEqual([refused]);
    const during = [app.accept(), app.accept()];
    await app.advance(2);
    for (const connection of during) expect(app.takerOf(connection)).toBe(other);
    await app.advance(100);
    const later = [app.accept(), app.accept()];
    await app.advance(1);
    expect(new Set(later.map((connection) => app.takerOf(connection)))).toEqual(new Set([full, other]));
  });
});

describe('orders', () => {
  it('of signals reach every worker', async () => {
    const app = await PrimaryHarness.online();
    const signal = app.order({ kind: 'signal', signal: 'SIGUSR2' });
    await app.advance(1);
    expect(signal.answer).toMatchObject({ message: 'SIGUSR2 sent to 2 workers of api' });
    expect(app.workers.map((worker) => worker.signals)).toEqual([['SIGUSR2'], ['SIGUSR2']]);
  });

  it('before the first start are refused', async () => {
    const app = new PrimaryHarness();
    const reload = app.order({ kind: 'reload' });
    await app.advance(1);
    expect(reload.error?.code).toBe('LB_ERR_APP_STOPPED');
  });

  it('are named like the command', async () => {
    const app = new PrimaryHarness();
    const [report, cpu] = [app.order({ kind: 'profile', what: 'report' }), app.order({ kind: 'profile', what: 'cpu' })];
    await app.advance(1);
    expect([report.error?.message, cpu.error?.message]).toEqual([
      expect.stringContaining('; report needs a running app'),
      expect.stringContaining('; CPU profile needs a running app'),
    ]);
  });

  it('to abort report if nothing is running', async () => {
    const app = await PrimaryHarness.online();
    const abort = app.order({ kind: 'abort' });
    await app.advance(1);
    expect(abort.answer).toMatchObject({ message: 'nothing to abort' });
  });
});
