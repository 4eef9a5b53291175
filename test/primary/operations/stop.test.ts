import { afterEach, expect, it, vi } from 'vitest';
import { PrimaryHarness } from '../primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** The open listeners, and whether a new connection is served. */
async function seen(app: PrimaryHarness): Promise<{ listeners: readonly string[]; serves: boolean }> {
  const { listeners } = await app.snapshot();
  const connection = app.accept();
  await app.advance(5);
  return { listeners, serves: app.takerOf(connection) !== undefined };
}

it('refuses connections as soon as it drains, not only when it is done', async () => {
  const app = await PrimaryHarness.online({}, () => ({ drainMs: 5_000 }));
  const stop = app.order({ kind: 'stop' });
  await app.advance(1_000);
  expect([stop.answer, app.alive.length, (await app.snapshot()).listeners]).toEqual([null, 2, []]);
  await app.advance(5_000);
  expect(stop.answer).toMatchObject({ message: 'api is stopped' });
});

it('serves normally during drain_delay', async () => {
  const app = await PrimaryHarness.online({ drainDelayMs: 10_000 });
  const stop = app.order({ kind: 'stop' });
  await app.advance(9_000);
  expect(stop.progress).toMatchObject([{ message: 'api reports not ready; draining starts in 10 s' }]);
  app.alive[0]?.end(1, null);
  await app.advance(500);
  expect(await seen(app)).toEqual({ listeners: ['*:3000'], serves: true });
  expect((await app.snapshot()).ready).toBe(2);
  await app.advance(1_000);
  expect(stop.answer).not.toBeNull();
});

it.each([false, true])('a second stop skips drain_delay; now: %s', async (now) => {
  const app = await PrimaryHarness.online({ drainDelayMs: 10_000 }, () => ({ drainMs: 1_000 }));
  app.order({ kind: 'stop' });
  await app.advance(100);
  app.order({ kind: 'stop', now });
  await app.advance(500);
  expect(app.alive).toHaveLength(now ? 0 : 2);
  await app.advance(1_000);
  expect(app.finished).toBe(1);
});

it('drains the workers even if the listeners cannot be shut', async () => {
  const app = await PrimaryHarness.online();
  app.closingFails = true;
  const stop = app.order({ kind: 'stop' });
  await app.advance(500);
  expect(stop.answer).toMatchObject({ message: 'api is stopped' });
  expect(stop.progress.map(({ message }) => message)).toContainEqual(expect.stringContaining('connections may have been cut: EISDIR'));
});
