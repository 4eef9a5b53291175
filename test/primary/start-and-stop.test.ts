import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { PrimaryHarness } from './primary-harness.ts';

const newVersion = (changes: Partial<AppSpec> = {}): AppSpec => sampleSpec({ args: ['v2'], ...changes });

afterEach(() => {
  vi.useRealTimers();
});

describe('start', () => {
  it('answers when every worker is ready', async () => {
    const app = new PrimaryHarness();
    const start = app.start({ instances: 3 });
    await app.advance(99);
    expect(start.answer).toBeNull();
    expect((await app.snapshot()).state).toBe('starting');
    await app.advance(5);
    expect(start.answer).toMatchObject({ kind: 'done', message: 'api is online with 3 workers, listening on *:3000' });
    expect(start.progress.map(({ step, slot }) => `${step} ${slot}`)).toEqual(['starting 0', 'starting 1', 'starting 2', 'ready 0', 'ready 1', 'ready 2']);
    expect(await app.snapshot()).toMatchObject({ state: 'online', ready: 3, listeners: ['*:3000'], operation: null, restarts: 0 });
  });

  it('fails when a slot gives up; the others are drained and the primary ends', async () => {
    const app = new PrimaryHarness(({ slot }) => (slot === 1 ? { bootMs: null, crashAfterMs: 50, code: 3 } : {}));
    const start = app.start({ instances: 3, maxRestarts: 0 });
    await app.advance(1_000);
    const pid = app.workers[1]?.pid;
    expect(start.error).toMatchObject({ code: 'LB_ERR_START_FAILED', message: `app "api" did not start: worker 1 (pid ${pid}): exit code 3 (after 50 ms)` });
    expect(app.workers).toHaveLength(3);
    expect(app.alive).toEqual([]);
    expect(app.messages.at(-1)).toMatchObject({ type: 'ended', state: 'errored' });
    expect(app.finished).toBe(1);
  });

  it('fails with the third crash of a slot, tells each, and the app goes on trying', async () => {
    const app = new PrimaryHarness(({ n }) => (n < 4 ? { bootMs: null, crashAfterMs: 50, code: 3 } : {}));
    const start = app.start({ instances: 1, restartDelayMs: 1_000 });
    await app.advance(2_100);
    expect(start.progress.filter(({ step }) => step === 'failed').map(({ message }) => message)).toEqual([
      'api[0] starts again in 1.0 s',
      'api[0] starts again in 1.0 s',
    ]);
    expect(start.error).toBeNull();
    await app.advance(100);
    const pid = app.workers[2]?.pid;
    expect(start.error).toMatchObject({
      code: 'LB_ERR_NOT_STARTED_YET',
      message: `app "api" has not started yet: worker 0 (pid ${pid}): exit code 3 (after 50 ms)`,
    });
    expect((await app.snapshot()).state).toBe('starting');
    await app.advance(2_500);
    expect(await app.snapshot(), 'it has just come up').toMatchObject({ state: 'degraded', ready: 1 });
    await app.advance(1_500);
    expect(await app.snapshot()).toMatchObject({ state: 'online', restarts: 4 });
  });

  it('succeeds when what failed at first comes up', async () => {
    const app = new PrimaryHarness(({ n }) => (n < 2 ? { bootMs: null, crashAfterMs: 50 } : {}));
    const start = app.start({ instances: 1, restartDelayMs: 500 });
    await app.advance(2_000);
    expect(start.answer).toMatchObject({ message: 'api is online with 1 worker, listening on *:3000' });
  });

  it.each([
    [4_000, 'listening on *:3000'],
    [9_000, 'not listening'],
  ])('waits 5 s more for an app that may listen: after %i ms it is %s', async (bootMs, where) => {
    const app = new PrimaryHarness(() => ({ bootMs }));
    const start = app.start({ instances: 1, env: {} });
    await app.advance(1);
    app.workers[0]?.beat({ eventLoopUtilization: 0 });
    await app.advance(3_000);
    expect([start.answer, (await app.snapshot()).ready]).toEqual([null, 1]);
    await app.advance(4_000);
    expect(start.answer).toMatchObject({ message: `api is online with 1 worker, ${where}` });
  });

  it('waits for PORT as long as listen_timeout, and then only says so', async () => {
    const app = new PrimaryHarness(() => ({ bootMs: null }));
    const start = app.start({ instances: 1, env: { PORT: '3000' }, listenTimeoutMs: 20_000 });
    await app.advance(1);
    app.workers[0]?.beat({ eventLoopUtilization: 0 });
    await app.advance(19_000);
    expect(start.answer).toBeNull();
    await app.advance(2_000);
    expect(start.answer).toMatchObject({ message: 'api is online with 1 worker, not listening (PORT=3000)' });
  });

  it('an app that listened in an earlier life is ready when it listens', async () => {
    const app = new PrimaryHarness(() => ({ bootMs: 8_000 }));
    const spec = sampleSpec({ instances: 1, hangTimeoutMs: null, env: {} });
    const start = app.order({ kind: 'start', spec, strict: true, generation: 1, footprint: { listened: true, ownSockets: [] } });
    await app.advance(1);
    app.workers[0]?.beat({ eventLoopUtilization: 0 });
    await app.advance(7_000);
    expect([start.answer, (await app.snapshot()).ready]).toEqual([null, 0]);
    await app.advance(2_000);
    expect(start.answer).toMatchObject({ message: 'api is online with 1 worker, listening on *:3000' });
  });

  it('with port, being ready is listening there', async () => {
    const app = new PrimaryHarness(() => ({ ports: { 4000: 50 }, bootMs: 1_500 }));
    const start = app.start({ instances: 1, port: 3000 });
    await app.advance(1_000);
    expect([start.answer, (await app.snapshot()).ready]).toEqual([null, 0]);
    await app.advance(1_000);
    expect(start.answer).not.toBeNull();
  });

  it('a crash while it waits is a failed start, and one before it ever listened counts as unstable', async () => {
    const app = new PrimaryHarness(() => ({ bootMs: null, crashAfterMs: 3_000 }));
    const start = app.start({ instances: 1, env: {}, maxRestarts: 4, restartDelayMs: 0 });
    for (let i = 0; i < 20; i++) {
      app.alive[0]?.beat({ eventLoopUtilization: 0 });
      await app.advance(1_000);
      if (i === 9) expect(start.error?.code).toBe('LB_ERR_NOT_STARTED_YET');
    }
    expect(app.messages.at(-1)).toMatchObject({ type: 'ended', state: 'errored' });
    expect(app.workers).toHaveLength(5);
  });

  it('fails when a worker is not ready in time, and kills that one', async () => {
    const app = new PrimaryHarness(({ slot }) => (slot === 1 ? { bootMs: null, drainMs: null } : {}));
    const start = app.start({ listenTimeoutMs: 3_000 });
    await app.advance(2_999);
    expect(start.error).toBeNull();
    await app.advance(200);
    expect(start.error?.message).toContain(`worker 1 (pid ${app.workers[1]?.pid}): not ready: not listening within 3 s`);
    expect(app.workers[1]?.alive).toBe(false);
  });

  it('waits for `ready` with wait_ready, even if the worker listens', async () => {
    const app = new PrimaryHarness();
    const start = app.start({ waitReady: true, instances: 1 });
    await app.advance(500);
    expect(start.answer).toBeNull();
    app.workers[0]?.emit('message', { cmd: 'ready' });
    app.workers[0]?.emit('message', 'ready');
    await app.advance(1);
    expect(start.answer).not.toBeNull();
  });

  it('keeps trying if no client waits for it', async () => {
    const app = new PrimaryHarness(({ n }) => (n < 4 ? { bootMs: null, crashAfterMs: 50 } : {}));
    const start = app.start({ instances: 1 }, false);
    await app.advance(10);
    expect(start.answer).toMatchObject({ kind: 'done' });
    await app.advance(5_000);
    expect(await app.snapshot()).toMatchObject({ state: 'online', restarts: 4 });
  });
});

describe('stop', () => {
  it('drains every worker, answers, and the primary ends', async () => {
    const app = await PrimaryHarness.online();
    const stop = app.order({ kind: 'stop' });
    await app.advance(5);
    expect(app.workers.map((worker) => worker.leaving)).toEqual([true, true]);
    expect((await app.snapshot()).state).toBe('stopping');
    await app.advance(100);
    expect(stop.answer).toMatchObject({ message: 'api is stopped', snapshot: { state: 'stopped', workers: [] } });
    expect(app.messages.at(-1)).toMatchObject({ type: 'ended', state: 'stopped', error: null });
    expect(app.finished).toBe(1);
    expect(app.workers).toHaveLength(2);
  });

  it('sends the app the signal that it handles', async () => {
    const app = await PrimaryHarness.online({ instances: 1 }, () => ({ handler: 'SIGINT' }));
    app.order({ kind: 'stop' });
    await app.advance(100);
    expect(app.workers[0]?.signals).toEqual(['SIGINT']);
    expect((await app.snapshot()).lastExits).toMatchObject([{ stopReason: 'stop', stateBefore: 'stopping', killedAtDeadline: false }]);
  });

  it('sends a message with shutdown_with_message', async () => {
    const app = await PrimaryHarness.online({ instances: 1, shutdownWithMessage: true }, () => ({ handler: 'SIGTERM' }));
    app.order({ kind: 'stop' });
    await app.advance(100);
    expect(app.workers[0]).toMatchObject({ said: ['shutdown'], signals: [] });
  });

  it('asks at 75 % of kill_timeout even if requests are running, and kills at its end', async () => {
    const app = await PrimaryHarness.online({ instances: 1, killTimeoutMs: 10_000 }, () => ({ drainMs: null, leaveMs: null, handler: 'SIGTERM' }));
    const stop = app.order({ kind: 'stop' });
    await app.advance(7_490);
    expect(app.workers[0]?.signals).toEqual([]);
    await app.advance(20);
    expect(app.workers[0]?.signals).toEqual(['SIGTERM']);
    await app.advance(2_480);
    expect(stop.answer).toBeNull();
    await app.advance(20);
    expect(stop.answer).not.toBeNull();
    const message = stop.progress.at(-1)?.message;
    expect(message).toBe('api[0] ended: killed when its kill_timeout ran out, it still had 1 request (oldest 3 s)');
  });

  it('with `now` kills immediately', async () => {
    const app = await PrimaryHarness.online({}, () => ({ drainMs: null }));
    const stop = app.order({ kind: 'stop', now: true });
    await app.advance(1);
    expect(stop.answer).not.toBeNull();
    expect((await app.snapshot()).lastExits).toMatchObject([{ signal: 'SIGKILL', killedAtDeadline: false }, { signal: 'SIGKILL' }]);
  });

  it('repeated moves to the next rung, which does not wait for the requests', async () => {
    const app = await PrimaryHarness.online({ instances: 1 }, () => ({ drainMs: null, handler: 'SIGTERM', leaveMs: 5 }));
    const first = app.order({ kind: 'stop' });
    await app.advance(1_000);
    expect(app.workers[0]?.signals).toEqual([]);
    const second = app.order({ kind: 'stop' });
    await app.advance(50);
    expect(app.workers[0]?.signals).toEqual(['SIGTERM']);
    expect([first.answer, second.answer]).toMatchObject([{ kind: 'done' }, { kind: 'done' }]);
  });

  it('replaces the running and the waiting operations', async () => {
    const app = await PrimaryHarness.online();
    const reload = app.order({ kind: 'reload' });
    const scale = app.order({ kind: 'scale', to: 4 });
    await app.advance(150);
    const stop = app.order({ kind: 'stop' });
    await app.advance(500);
    for (const dropped of [reload, scale]) expect(dropped.error).toMatchObject({ code: 'LB_ERR_ABORTED', details: { reason: 'the app is being stopped' } });
    expect(stop.answer).not.toBeNull();
    expect(app.alive).toEqual([]);
    expect([reload, scale, stop].some((ordered) => ordered.disorder)).toBe(false);
  });
});

describe('stop_grace', () => {
  const stubborn = { drainMs: null, leaveMs: null, handler: 'SIGTERM' } as const;
  /** When the first worker got the signal, and when the stop was done. */
  async function stopped(app: PrimaryHarness): Promise<readonly [signalledAt: number, doneAt: number]> {
    const stop = app.order({ kind: 'stop' });
    let signalledAt = Number.NaN;
    for (let at = 0; ; at += 10) {
      if (Number.isNaN(signalledAt) && (app.workers[0]?.signals.length ?? 0) > 0) signalledAt = at;
      if (stop.answer !== null) return [signalledAt, at];
      if (at > 120_000) expect.unreachable('it does not end');
      await app.advance(10);
    }
  }

  it('bounds the drain delay, the drain, the ask and the kill together', async () => {
    const app = await PrimaryHarness.online({ drainDelayMs: 30_000, stopGraceMs: 9_000 }, () => stubborn);
    const [signalledAt, doneAt] = await stopped(app);
    expect(doneAt).toBeLessThanOrEqual(9_000);
    expect(doneAt).toBeGreaterThan(8_400);
    // A third for the delay, then three quarters of what is left.
    expect(signalledAt).toBeGreaterThan(3_000);
    expect(signalledAt).toBeLessThan(7_500);
  });

  it('bounds workers that already drain for a reload', async () => {
    const app = await PrimaryHarness.online({ stopGraceMs: 5_000 }, () => stubborn);
    app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(2_000);
    expect((await stopped(app))[1]).toBeLessThanOrEqual(5_000);
  });

  it('is 10 s in the foreground mode, also after a reload with another definition', async () => {
    const app = await PrimaryHarness.online({ instances: 1 }, () => ({ ...stubborn, drainMs: 10 }), { foreground: true });
    expect((await app.snapshot()).spec.stopGraceMs).toBe(10_000);
    app.behave = () => stubborn;
    app.order({ kind: 'reload', spec: newVersion({ instances: 1 }), monitorMs: 0 });
    await app.advance(60_000);
    expect((await stopped(app))[1]).toBeLessThanOrEqual(10_000);
  });
});

describe('a script that does its work and ends', () => {
  const job = { bootMs: null, crashAfterMs: 200, code: 0 };

  it.each([{ autorestart: false }, { stopExitCodes: [0] }])('with 0 within a second: the start succeeds, and the app is stopped: %o', async (changes) => {
    const app = new PrimaryHarness(() => job);
    const start = app.start({ instances: 2, ...changes });
    await app.advance(1_000);
    expect(start.answer).toMatchObject({ kind: 'done', message: 'api has ended with exit code 0' });
    expect(app.messages.at(-1)).toMatchObject({ type: 'ended', state: 'stopped', error: null });
    expect([app.workers.length, app.finished]).toEqual([2, 1]);
  });

  it('beside one that stays', async () => {
    const app = new PrimaryHarness(({ slot }) => (slot === 0 ? job : {}));
    const start = app.start({ instances: 2, autorestart: false });
    await app.advance(1_000);
    expect(start.answer).toMatchObject({ message: 'api is online with 1 worker, listening on *:3000' });
    expect(app.alive.map(({ slot }) => slot)).toEqual([1]);
  });

  it('with another code: the start fails', async () => {
    const app = new PrimaryHarness(() => ({ ...job, code: 3 }));
    const start = app.start({ instances: 1, autorestart: false });
    await app.advance(1_000);
    expect(start.error?.code).toBe('LB_ERR_START_FAILED');
    expect(app.messages.at(-1)).toMatchObject({ type: 'ended', state: 'errored' });
  });

  it('a restart does its work again', async () => {
    const app = new PrimaryHarness(({ n }) => (n === 0 ? {} : job));
    app.start({ instances: 1, autorestart: false });
    await app.advance(1_000);
    const restart = app.order({ kind: 'restart' });
    await app.advance(1_000);
    expect(restart.answer).toMatchObject({ message: 'api was restarted and has ended with exit code 0' });
    expect(app.messages.at(-1)).toMatchObject({ type: 'ended', state: 'stopped' });
  });
});

it.each([
  [128, 1],
  [4_096, 0],
  [null, 0],
])('warns once of a kernel in which %s connections can wait', async (somaxconn, warnings) => {
  const app = await PrimaryHarness.online({ instances: 2 }, undefined, {}, (harness) => (harness.somaxconn = somaxconn));
  app.order({ kind: 'reload' });
  await app.advance(5_000);
  const warned = app.events.filter((event) => event.startsWith('queue-short'));
  expect(warned).toHaveLength(warnings);
  for (const event of warned) expect(event).toMatch(/^queue-short: only 128 connections can wait in the kernel.* raise net\.core\.somaxconn/);
});
