import { afterEach, describe, expect, it, vi } from 'vitest';
import { PrimaryHarness } from './primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe.each(['reload', 'restart'] as const)('%s of some slots', (kind) => {
  it('replaces their workers and no other, within the generation', async () => {
    const app = await PrimaryHarness.online({ instances: 3 });
    const before = app.pids;
    const order = app.order({ kind, slots: [0, 2] });
    await app.advance(5_000);
    expect(order.answer).toMatchObject({ message: `api[0], api[2] ${kind}ed`, snapshot: { generation: 1, state: 'online', ready: 3, generationNote: null } });
    expect(app.pids[1]).toBe(before[1]);
    for (const slot of [0, 2]) expect(app.pids[slot]).not.toBe(before[slot]);
  });

  it('fails with the worker that does not come up, and leaves the others alone', async () => {
    const app = await PrimaryHarness.online({ instances: 2 });
    const before = app.pids;
    app.behave = () => ({ crashAfterMs: 10, code: 7, bootMs: 100 });
    const order = app.order({ kind, slots: [1] });
    await app.advance(1_000);
    expect(order.error?.message).toContain('worker 1');
    expect(app.pids[0]).toBe(before[0]);
    if (kind === 'reload') expect(app.pids).toEqual(before);
  });

  it('does not wait for other slots that are in trouble', async () => {
    let isBroken = false;
    const app = await PrimaryHarness.online({ instances: 2 }, ({ slot }) => (isBroken && slot === 1 ? { crashAfterMs: 10, code: 7, bootMs: 100 } : {}));
    isBroken = true;
    app.workers.find(({ slot }) => slot === 1)?.end(1, null);
    await app.advance(500);
    const order = app.order({ kind, slots: [0] });
    await app.advance(5_000);
    expect(order.answer).toMatchObject({ message: `api[0] ${kind}ed` });
  });

  it('refuses a slot that there is not', async () => {
    const app = await PrimaryHarness.online({ instances: 2 });
    const order = app.order({ kind, slots: [2] });
    await app.advance(100);
    expect(order.error).toMatchObject({ code: 'LB_ERR_SLOT', message: 'app "api" has no slot 2; its slots are 0 to 1' });
  });
});

it('reset sets what is counted to 0, and leaves the totals of the metrics', async () => {
  const app = await PrimaryHarness.online({ instances: 1 });
  app.workers[0]?.end(1, null);
  await app.advance(2_000);
  expect(await app.snapshot()).toMatchObject({ restarts: 1, totals: { restarts: 1 } });
  app.order({ kind: 'reset' });
  await app.advance(10);
  expect(await app.snapshot()).toMatchObject({ restarts: 0, totals: { restarts: 1 } });
});
