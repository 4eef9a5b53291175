import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ScaleSpec } from '../../../src/lifecycle/app-spec.ts';
import { PrimaryHarness } from '../primary-harness.ts';

vi.mock('../../../src/system/cpu-budget.ts', () => ({ cpuBudget: () => 8 }));
const machine = vi.hoisted(() => ({ leftBytes: 2 ** 40 }));
vi.mock('../../../src/system/memory-room.ts', async (original) => ({ ...(await original<object>()), memoryLeftBytes: () => machine.leftBytes }));

afterEach(() => {
  machine.leftBytes = 2 ** 40;
  vi.useRealTimers();
});

const SCALE: ScaleSpec = { on: true, min: 1, max: 3, target: { metric: 'elu', value: 0.6 }, upCooldownMs: 2_000, downCooldownMs: 10_000 };

/** Every worker sends the same heartbeat once a second. */
async function run(app: PrimaryHarness, elu: number, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    for (const worker of app.alive) worker.beat({ eventLoopUtilization: elu });
    await app.advance(1_000);
  }
}

const scaled = (app: PrimaryHarness): string[] => app.events.filter((event) => event.startsWith('scale: ') && event.includes('→'));
const redefined = (app: PrimaryHarness): number[] => app.messages.flatMap((message) => (message.type === 'redefined' ? [message.spec.instances] : []));

describe('autoscaling', () => {
  it('adds workers up to max while they are busy, removes them when they are not, and reports why', async () => {
    const app = await PrimaryHarness.online({ instances: 1, scale: SCALE });
    await run(app, 0.85, 30);
    expect(scaled(app)).toEqual(['scale: elu 0.85 of 0.6 over 5 s: 1 → 2 workers', 'scale: elu 0.85 of 0.6 over 5 s: 2 → 3 workers']);
    expect(app.events.filter((event) => event.includes('held'))).toEqual(['scale: held: max is 3 (elu 0.85 of 0.6 over 5 s)']);
    expect(await app.snapshot()).toMatchObject({
      instances: 3,
      ready: 3,
      autoscaling: { on: true, min: 1, max: 3, now: expect.stringContaining('held: max is 3'), last: { from: 2, to: 3 } },
    });
    await run(app, 0.1, 60);
    expect(Object.keys(app.pids)).toEqual(['0']);
    expect(redefined(app), 'the daemon starts it with as many if this primary dies').toEqual([2, 3, 2, 1]);
  });

  it('counts a worker that is too busy for its heartbeat as busy', async () => {
    const app = await PrimaryHarness.online({ instances: 1, scale: SCALE });
    await run(app, 0.3, 4);
    await app.advance(9_000);
    expect(scaled(app)[0]).toContain('1 → 2 workers');
  });

  it('setting the number manually turns it off until it is turned on again, even across a reload', async () => {
    const app = await PrimaryHarness.online({ instances: 1, scale: SCALE });
    const byHand = app.order({ kind: 'scale', to: 2 });
    await run(app, 0.95, 20);
    expect(byHand.progress.map(({ message }) => message)).toContain('api: autoscaling is now off (turn it on with: lb scale api auto)');
    expect(await app.snapshot()).toMatchObject({ instances: 2, autoscaling: { on: false, now: null }, spec: { scale: { on: false } } });
    const reload = app.order({ kind: 'reload', spec: { ...app.workers[0]!.spec, scale: SCALE }, monitorMs: 0 });
    await run(app, 0.95, 20);
    expect(reload.answer).toMatchObject({ spec: { instances: 2, scale: { on: false } } });
    const auto = app.order({ kind: 'scale', auto: true });
    await run(app, 0.95, 20);
    expect(app.events.filter((event) => event.startsWith('scale: autoscaling'))).toEqual([
      'scale: autoscaling is off, the number of workers was set manually',
      'scale: autoscaling is on, starting from 2 workers',
    ]);
    expect(auto.answer).toMatchObject({ message: 'api scales between 1 and 3 workers with its load (2 now)', spec: { scale: { on: true } } });
    expect(await app.snapshot()).toMatchObject({ instances: 3 });
  });

  it('adds no worker that would not fit into the free memory', async () => {
    machine.leftBytes = 100;
    const app = await PrimaryHarness.online({ instances: 1, scale: SCALE });
    const use = { cpuMs: 0, rssBytes: 100, heapUsedBytes: 0, heapLimitBytes: 0, gcCount: 0, gcMs: 0, handles: 0 };
    for (let second = 0; second < 12; second++) {
      app.workers[0]?.beat({ eventLoopUtilization: 0.9, use });
      await app.advance(1_000);
    }
    expect(app.events.filter((event) => event.startsWith('scale'))).toEqual(['scale: held: not enough memory for another worker (elu 0.90 of 0.6 over 5 s)']);
  });

  it('waits while connections move to a worker that joined', async () => {
    const app = await PrimaryHarness.online({ instances: 1, scale: SCALE });
    const seen = new Set<string>();
    for (let second = 0; second < 20; second++) {
      for (const worker of app.alive) worker.beat({ eventLoopUtilization: 0.7, kept: worker.slot === 0 ? 8 : 0 });
      await app.advance(1_000);
      seen.add((await app.snapshot()).autoscaling?.now ?? '');
    }
    expect([...seen]).toContain('waiting: connections are moving to other workers');
  });

  it('adds workers while old ones drain for long, after a reload and after it has removed one', async () => {
    const app = await PrimaryHarness.online({ instances: 1, scale: SCALE, killTimeoutMs: 120_000 }, () => ({ drainMs: null }));
    const reload = app.order({ kind: 'reload', monitorMs: 0 });
    await run(app, 0.9, 20);
    expect(scaled(app).map((event) => event.slice(-13))).toEqual(['1 → 2 workers', '2 → 3 workers']);
    expect(reload.answer, 'its drain has not ended').toBeNull();
    await run(app, 0.25, 110);
    expect(scaled(app).at(-1)).toContain('3 → 2 workers');
    const before = scaled(app).length;
    await run(app, 0.9, 12);
    expect(scaled(app).slice(before)).toEqual([expect.stringContaining('2 → 3 workers')]);
    expect(await app.snapshot()).toMatchObject({ instances: 3, ready: 3 });
  });

  it('cannot be turned on for an app without a policy', async () => {
    const app = await PrimaryHarness.online();
    const auto = app.order({ kind: 'scale', auto: true });
    await app.advance(10);
    expect(auto.error).toMatchObject({ code: 'LB_ERR_NO_SCALE' });
    expect(await app.snapshot()).toMatchObject({ autoscaling: null });
  });

  it('backs off while new workers fail', async () => {
    const app = await PrimaryHarness.online({ instances: 1, scale: SCALE });
    app.behave = () => ({ bootMs: null, crashAfterMs: 50 });
    await run(app, 0.9, 60);
    // After 5 s, and then at intervals of at least 4, 8, 16 and 32 s.
    expect(scaled(app)).toHaveLength(4);
    expect(await app.snapshot()).toMatchObject({ instances: 1, ready: 1 });
  });

  it('backs off below min too', async () => {
    const app = await PrimaryHarness.online({ instances: 2, scale: { ...SCALE, min: 2 } });
    app.order({ kind: 'scale', to: 1 });
    await run(app, 0.1, 10);
    app.behave = () => ({ bootMs: null, crashAfterMs: 50 });
    app.order({ kind: 'scale', auto: true });
    await run(app, 0.1, 60);
    // Immediately, and then at intervals of at least 4, 8, 16 and 32 s.
    expect(scaled(app)).toEqual(Array<string>(4).fill('scale: fewer than min: 1 → 2 workers'));
    expect(await app.snapshot()).toMatchObject({
      instances: 1,
      ready: 1,
      autoscaling: { now: expect.stringContaining('held: adding workers has failed 4 times') },
    });
    app.behave = () => ({});
    await run(app, 0.1, 10);
    expect(await app.snapshot()).toMatchObject({ instances: 2, ready: 2 });
  });

  it('a reload keeps the number it has, within the limits of the new definition', async () => {
    const app = await PrimaryHarness.online({ instances: 1, scale: SCALE });
    await run(app, 0.9, 25);
    const reload = app.order({ kind: 'reload', spec: { ...app.workers[0]!.spec, instances: 1, scale: { ...SCALE, max: 2 } }, monitorMs: 0 });
    await run(app, 0.6, 10);
    expect(reload.answer).toMatchObject({ snapshot: { instances: 2, ready: 2 } });
  });

  it('a restart keeps it too', async () => {
    const app = await PrimaryHarness.online({ instances: 1, scale: SCALE });
    await run(app, 0.9, 25);
    const restart = app.order({ kind: 'restart', spec: { ...app.workers[0]!.spec, instances: 1 } });
    await run(app, 0.6, 10);
    expect(restart.answer).toMatchObject({ snapshot: { instances: 3, ready: 3 } });
  });

  it('workers out of rotation do not count', async () => {
    const app = await PrimaryHarness.online({ instances: 2, scale: SCALE });
    app.workers[1]?.emit('message', { lb: 'down', reason: 'its cache is cold' });
    for (let second = 0; second < 12; second++) {
      app.workers[0]?.beat({ eventLoopUtilization: 0.8 });
      app.workers[1]?.beat({ eventLoopUtilization: 0 });
      await app.advance(1_000);
    }
    expect(scaled(app)).toEqual(['scale: elu 0.80 of 0.6 over 5 s: 2 → 3 workers']);
  });

  it('has no timer without the option', async () => {
    const app = await PrimaryHarness.online({ instances: 1 });
    await run(app, 1, 30);
    expect(await app.snapshot()).toMatchObject({ instances: 1, autoscaling: null });
  });
});
