import { afterEach, describe, expect, it, vi } from 'vitest';
import { PrimaryHarness } from './primary-harness.ts';
import type { Behaviour } from './fake-workers.ts';

afterEach(() => {
  vi.useRealTimers();
});

const unserved = async (app: PrimaryHarness): Promise<readonly string[]> => (await app.snapshot()).unserved;
const listeners = async (app: PrimaryHarness): Promise<readonly string[]> => (await app.snapshot()).listeners;

/** An app whose first workers behave like `before`, and the later ones like `after`. */
const changing = (count: number, before: Partial<Behaviour>, after: Partial<Behaviour>): Promise<PrimaryHarness> =>
  PrimaryHarness.online({ instances: count, listenTimeoutMs: 5_000 }, ({ n }) => (n < count ? before : after));

describe('a reload', () => {
  it('waits for a second port that the new worker opens later; the old one serves it meanwhile', async () => {
    const app = await PrimaryHarness.online({ instances: 1, listenTimeoutMs: 5_000 }, () => ({ ports: { 9100: 3_000 } }));
    await app.advance(3_000);
    const [old] = app.workers;
    const reload = app.order({ kind: 'reload' });
    await app.advance(2_900);
    expect([old?.leaving, app.workers[1]?.listens, await unserved(app)]).toEqual([false, true, []]);
    await app.advance(1_500);
    expect(reload.answer).toMatchObject({ kind: 'done' });
    expect(reload.progress.filter(({ step }) => step === 'note').map(({ message }) => message)).toEqual([
      'api[0] does not listen on *:9100 yet, as the worker before it does',
    ]);
    expect([old?.alive, await listeners(app)]).toEqual([false, ['*:3000', '*:9100']]);
  });

  it('fails without it, names it and the way to accept that; the old workers stay', async () => {
    const app = await changing(2, { ports: { 9100: 200 } }, {});
    const before = app.pids;
    const reload = app.order({ kind: 'reload' });
    await app.advance(6_000);
    expect(reload.error?.message).toMatch(
      /worker 0 \(pid \d+\): not ready: not listening on \*:9100, as the worker before it does within 5 s \(if that is intended: lb reload api --drop :9100\)/,
    );
    expect([app.pids, await listeners(app), await unserved(app)]).toEqual([before, ['*:3000', '*:9100'], []]);
  });

  it('succeeds without it if the operator drops it, and closes its socket after a grace', async () => {
    const app = await changing(2, { ports: { 9100: 200 } }, {});
    const reload = app.order({ kind: 'reload', drop: [':9100'] });
    await app.advance(4_000);
    expect(reload.answer).toMatchObject({ kind: 'done' });
    expect([await unserved(app), (await app.snapshot()).state]).toEqual([[], 'online']);
    await app.advance(11_000);
    expect(await listeners(app)).toEqual(['*:3000']);
  });

  it('that may lose a listener is not joined with one that may not', async () => {
    const app = await changing(1, { ports: { 9100: 200 } }, {});
    const [running, strict, lax] = [{}, {}, { drop: [':9100'] }].map((options) => app.order({ kind: 'reload', ...options }));
    await app.advance(20_000);
    expect([running?.error?.code, strict?.error?.code, lax?.answer?.kind]).toEqual(['LB_ERR_RELOAD_FAILED', 'LB_ERR_RELOAD_FAILED', 'done']);
  });

  it('changes nothing for a listener that does not exist', async () => {
    const app = await changing(1, {}, {});
    const reload = app.order({ kind: 'reload', drop: [':9101'] });
    await app.advance(10);
    expect(reload.error).toMatchObject({ code: 'LB_ERR_LISTENER', message: 'app "api" has no listener :9101 that could be dropped; it listens on *:3000' });
    expect(app.workers).toHaveLength(1);
  });

  it('may move the port that its definition names', async () => {
    const app = await PrimaryHarness.online({ instances: 1, env: { PORT: '3000' }, listenTimeoutMs: 5_000 }, ({ spec }) =>
      spec.env['PORT'] === '4000' ? { bootMs: null, ports: { 4000: 100 } } : {},
    );
    const [{ spec } = { spec: null }] = app.workers;
    const reload = app.order({ kind: 'reload', ...(spec === null ? {} : { spec: { ...spec, env: { PORT: '4000' } } }) });
    await app.advance(3_000);
    expect(reload.answer).toMatchObject({ kind: 'done' });
    expect(await unserved(app)).toEqual([]);
  });

  it('needs none that its predecessor opened late, or gave up', async () => {
    const app = await changing(1, { ports: { 9100: 200 } }, {});
    app.workers[0]?.unlisten(9100);
    await app.advance(6_000);
    app.workers[0]?.listen(9200);
    await app.advance(1);
    const reload = app.order({ kind: 'reload' });
    await app.advance(3_000);
    expect(reload.answer).toMatchObject({ kind: 'done' });
  });
});

describe('a recycle', () => {
  it('never fails for a missing port, and tells; the app is degraded', async () => {
    const app = await PrimaryHarness.online({ instances: 1, listenTimeoutMs: 2_000, maxLifetimeMs: 3_000, recycleJitter: 0 }, ({ n }) =>
      n === 0 ? { ports: { 9100: 200 } } : {},
    );
    app.workers[0]?.beat({});
    await app.advance(7_000);
    app.workers[0]?.beat({});
    await app.advance(4_000);
    expect(app.workers[0]?.alive).toBe(false);
    expect(app.events).toContain('listener-missing: worker 0 does not listen on *:9100, as the worker before it did');
    expect([await unserved(app), (await app.snapshot()).state]).toEqual([['*:9100'], 'degraded']);
  });
});

describe('a worker that takes another port after a crash', () => {
  it('makes the app degraded, also when the old socket is closed', async () => {
    const app = await changing(1, {}, { bootMs: null, ports: { 3001: 100 } });
    app.workers[0]?.end(1, null);
    await app.advance(500);
    expect([await unserved(app), (await app.snapshot()).state]).toEqual([['*:3000'], 'degraded']);
    await app.advance(11_000);
    expect([await listeners(app), await unserved(app), (await app.snapshot()).state]).toEqual([['*:3001'], ['*:3000'], 'degraded']);
    expect(app.alive).toHaveLength(1);
  });
});

describe('an unused socket', () => {
  it('stays open while a worker is missing, and for 10 s after the last one is ready', async () => {
    const app = await PrimaryHarness.online({ instances: 1, restartDelayMs: 30_000 }, ({ n }) => (n === 0 ? { ports: { 9100: 200 } } : {}));
    app.workers[0]?.end(1, null);
    await app.advance(29_000);
    expect(await listeners(app)).toEqual(['*:3000', '*:9100']);
    await app.advance(10_500);
    expect(await listeners(app)).toEqual(['*:3000', '*:9100']);
    await app.advance(1_000);
    expect(await listeners(app)).toEqual(['*:3000']);
  });
});
