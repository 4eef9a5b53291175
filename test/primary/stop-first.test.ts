import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import type { FakeWorker } from './fake-workers.ts';
import { PrimaryHarness } from './primary-harness.ts';

/** Forks in a slot where another process was still alive. */
let doubles: string[];
let app: PrimaryHarness;
afterEach(() => {
  vi.useRealTimers();
});

const isNew = (spec: AppSpec): boolean => spec.args[0] === 'v2';

/** An app that is replaced stop-first, whose workers take 500 ms to leave. */
async function online(changes: Partial<AppSpec> = {}, newVersion: { readonly crashAfterMs?: number } = {}): Promise<void> {
  app = await PrimaryHarness.online({ instances: 2, overlap: false, ...changes }, ({ slot, spec, n }) => {
    if (app?.alive.some((worker) => worker.slot === slot)) doubles.push(`${n} in slot ${slot}`);
    return { drainMs: 300, leaveMs: 200, ...(isNew(spec) ? newVersion : {}) };
  });
  // Of the harness before.
  doubles = [];
}

const current = (slot: number): FakeWorker => {
  const worker = app.alive.find((each) => each.slot === slot);
  if (worker === undefined) throw new Error(`nothing in slot ${slot}`);
  return worker;
};
const serving = (): string[] =>
  app.alive
    .filter((worker) => worker.listens && !worker.leaving)
    .map(({ slot, spec }) => `${slot} ${isNew(spec) ? 'new' : 'old'}`)
    .sort();

describe('a reload', () => {
  it('goes slot by slot: the old worker ends, then its successor starts; no slot is empty before the canary has passed', async () => {
    await online({ instances: 3 });
    const reload = app.order({ kind: 'reload', monitorMs: 400 });
    const seen = new Set<string>();
    while (reload.answer === null) {
      await app.advance(10);
      seen.add(serving().join(', ').replaceAll(' old', ''));
    }
    expect([...seen]).toEqual(['1, 2', '0, 1, 2', '0, 2', '0, 1']);
    expect([doubles, app.alive.length]).toEqual([[], 3]);
    expect(reload.progress[0]?.message).toBe('api is replaced stop-first, because overlap is false: each new worker starts when the old one has ended');
  });

  it('with --parallel, that many slots at a time after the canary', async () => {
    await online({ instances: 3 });
    const reload = app.order({ kind: 'reload', monitorMs: 400, parallel: 2 });
    let fewest = 3;
    while (reload.answer === null) {
      await app.advance(10);
      fewest = Math.min(fewest, serving().length);
    }
    expect([fewest, doubles]).toEqual([1, []]);
  });

  it('is decided by a look at the sockets that the processes have open now', async () => {
    await online({ overlap: null });
    app.sockets.set(current(1).pid, [{ protocol: 'udp', address: '0.0.0.0', port: 53, connected: false, pid: current(1).pid }]);
    app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(5_000);
    expect(doubles).toEqual([]);
    expect((await app.snapshot()).replacement).toEqual({ way: 'start-first', reason: 'lb holds its listening sockets', listened: true, ownSockets: [] });
    app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(5_000);
    expect(doubles).toHaveLength(2);
  });

  it('that fails under a new definition starts the old one again', async () => {
    await online({}, { crashAfterMs: 50 });
    const reload = app.order({ kind: 'reload', spec: sampleSpec({ args: ['v2'], overlap: false, hangTimeoutMs: null }) });
    await app.advance(3_000);
    expect(reload.error).toMatchObject({ code: 'LB_ERR_RELOAD_FAILED' });
    expect([serving(), doubles]).toEqual([['0 old', '1 old'], []]);
  });

  it('that fails in place says that the slot is down; the restart policy takes over', async () => {
    await online();
    app.behave = ({ n }) => (n === 2 ? { crashAfterMs: 50 } : {});
    const reload = app.order({ kind: 'reload' });
    await app.advance(2_000);
    expect(reload.error).toMatchObject({ code: 'LB_ERR_RELOAD_DOWN', details: { slot: 0 } });
    expect(reload.error?.message).toContain('slot 0 has no worker until a restart of it succeeds');
    expect([serving(), app.workers.length]).toEqual([['0 old', '1 old'], 4]);
  });

  it.each(['pause', 'continue'] as const)('says so with --on-failure %s as well', async (onFailure) => {
    await online({ instances: 2, maxRestarts: 0 }, { crashAfterMs: 50 });
    const reload = app.order({ kind: 'reload', spec: sampleSpec({ args: ['v2'], overlap: false, maxRestarts: 0, hangTimeoutMs: null }), onFailure });
    await app.advance(5_000);
    expect(reload.error).toMatchObject({ code: 'LB_ERR_RELOAD_DOWN' });
    expect(serving()).toEqual(onFailure === 'pause' ? ['1 old'] : []);
  });

  it('that is aborted while a slot is empty fills it again', async () => {
    await online();
    const reload = app.order({ kind: 'reload', spec: sampleSpec({ args: ['v2'], overlap: false, hangTimeoutMs: null }) });
    await app.advance(250);
    app.order({ kind: 'abort' });
    await app.advance(3_000);
    expect(reload.error).toMatchObject({ code: 'LB_ERR_ABORTED' });
    expect([serving(), doubles]).toEqual([['0 old', '1 old'], []]);
  });
});

it('a recycle ends the old worker first', async () => {
  await online({ maxMemoryBytes: 100 });
  const before = current(0);
  app.memoryBytes.set(before.pid, 200);
  await app.advance(3_000);
  expect([current(0) === before, serving(), doubles]).toEqual([false, ['0 old', '1 old'], []]);
});

it('a recycle whose new worker fails leaves the slot to the restart policy', async () => {
  await online({ maxMemoryBytes: 100 });
  app.behave = ({ n }) => (n === 2 ? { crashAfterMs: 50 } : {});
  app.memoryBytes.set(current(0).pid, 200);
  await app.advance(3_000);
  expect([serving(), app.workers.length]).toEqual([['0 old', '1 old'], 4]);
});

it('a hung worker is killed before its successor starts', async () => {
  await online({ instances: 1, hangTimeoutMs: 1_000 });
  app.killMs = 300;
  const hung = current(0);
  hung.beat({});
  while (hung.alive) await app.advance(100);
  await app.advance(500);
  expect([hung.alive, serving(), doubles]).toEqual([false, ['0 old'], []]);
});

it('a worker above its hard limit of memory is gone before its successor starts', async () => {
  await online({ maxMemoryKillBytes: 100 });
  app.killMs = 300;
  app.memoryBytes.set(current(0).pid, 200);
  await app.advance(2_000);
  expect([serving(), doubles]).toEqual([['0 old', '1 old'], []]);
});

it('a worker whose channel closed gets a deadline, because its slot is empty until it is gone', async () => {
  await online({ instances: 1, killTimeoutMs: 2_000 });
  const lost = current(0);
  lost.connected = false;
  lost.emit('disconnect');
  await app.advance(1_500);
  expect([lost.alive, app.alive.length]).toEqual([true, 1]);
  await app.advance(2_500);
  expect([lost.alive, serving(), doubles]).toEqual([false, ['0 old'], []]);
});

it('start-first, a slot is filled while a worker without a channel is still there', async () => {
  await online({ instances: 1, overlap: true });
  current(0).connected = false;
  current(0).emit('disconnect');
  await app.advance(1_500);
  expect(app.alive).toHaveLength(2);
});

it('tells each worker whether the next primary will wait for its end', async () => {
  await online({ overlap: null, instances: 1 });
  const worker = current(0);
  expect(worker.awaited).toEqual([false]);
  app.sockets.set(worker.pid, [{ protocol: 'tcp', address: '::', port: 80, connected: false, pid: worker.pid }]);
  await app.advance(2_100);
  expect(worker.awaited).toEqual([false, true]);
});

describe('what earlier lives of the app have shown', () => {
  const start = async (footprint?: { listened: boolean; ownSockets: string[] }): Promise<void> => {
    app = new PrimaryHarness(() => ({ bootMs: 1_000 }));
    const spec = sampleSpec({ kind: 'plain', instances: 1, hangTimeoutMs: null });
    app.order({ kind: 'start', spec, strict: false, generation: 1, ...(footprint === undefined ? {} : { footprint }) });
    await app.advance(100);
  };

  it.each([
    [undefined, 'stop-first'],
    [{ listened: true, ownSockets: [] }, 'start-first'],
    [{ listened: true, ownSockets: ['udp *:53'] }, 'stop-first'],
  ] as const)('%j counts before its worker listens: %s', async (footprint, way) => {
    await start(footprint === undefined ? undefined : { ...footprint, ownSockets: [...footprint.ownSockets] });
    expect((await app.snapshot()).replacement?.way).toBe(way);
    await app.advance(2_000);
    expect((await app.snapshot()).replacement).toMatchObject({ way: 'start-first', listened: true, ownSockets: [] });
  });
});
