import { expect, it, vi } from 'vitest';
import { AppHandle } from '../../src/daemon/app-handle.ts';
import type { Attachment } from '../../src/daemon/attachment.ts';
import type { PersistentCounters } from '../../src/daemon/persistent-counters.ts';
import type { PrimaryKeeper } from '../../src/daemon/primary-keeper.ts';
import { LbError } from '../../src/errors/lb-error.ts';
import { NO_FOOTPRINT } from '../../src/lifecycle/replacement.ts';
import { NO_TOTALS } from '../../src/metrics/totals.ts';
import type { Answer, Order } from '../../src/protocol/attach.ts';
import { app } from '../client/samples.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';

/** The keeper of a primary that answers by hand. */
class FakeKeeper {
  running = true;
  gones = 0;
  readonly orders: { readonly order: Order; readonly answer: (answer: Answer) => void; readonly fail: (error: LbError) => void }[] = [];
  readonly attachment = {
    order: (_: string, order: Order) => new Promise<Answer>((answer, fail) => this.orders.push({ order, answer, fail })),
  } as unknown as Attachment;
  runs = (): boolean => this.running;
  keeps = (): boolean => this.running;
  reliefs = { over: (): Promise<void> => Promise.resolve() };
  restarts = { readyFor: (): Promise<void> => Promise.resolve(), restart: (_: string, __: unknown, start: () => Promise<void>) => start() };
  cancelRespawn = (): void => {};
  connected = (): Promise<Attachment> => Promise.resolve(this.attachment);
  gone = (): Promise<void> => {
    this.gones++;
    this.running = false;
    return Promise.resolve();
  };
}

const done: Answer = { kind: 'done', message: 'stopped', snapshot: app(), spec: sampleSpec({ name: 'api' }) };

function make(changed = (): void => {}): { keeper: FakeKeeper; handle: AppHandle } {
  const keeper = new FakeKeeper();
  const handle = new AppHandle({
    saved: {
      spec: sampleSpec({ name: 'api' }),
      desired: 'running',
      generation: 1,
      error: null,
      resting: false,
      footprint: NO_FOOTPRINT,
      ids: [],
      primary: 'api',
    },
    ids: () => [0, 1],
    dependencies: () => [],
    keeper: keeper as unknown as PrimaryKeeper,
    log: () => {},
    event: () => () => {},
    changed,
    received: () => {},
    totals: { counted: () => NO_TOTALS, of: () => NO_TOTALS } as unknown as PersistentCounters,
    stats: () => {},
    followed: () => false,
    ended: () => {},
  });
  return { keeper, handle };
}

const ended = { type: 'ended', app: 'api', state: 'stopped', error: null, snapshot: app() } as const;
const ignore = (): void => {};

it('a stop of an app that has just ended by itself asks its primary nothing', async () => {
  const { keeper, handle } = make();
  handle.received(ended);
  expect(await handle.stop({}, ignore)).toBeNull();
  expect([keeper.orders, keeper.gones, handle.desired]).toEqual([[], 1, 'stopped']);
});

it('a stop whose primary ends meanwhile is done if the app had ended, and fails if it was lost', async () => {
  for (const [hasEnded, outcome] of [
    [true, null],
    [false, 'LB_ERR_PRIMARY_LOST'],
  ] as const) {
    const { keeper, handle } = make();
    const stop = handle.stop({}, ignore).catch((error: unknown) => LbError.from(error).code);
    await vi.waitFor(() => expect(keeper.orders).toHaveLength(1));
    if (hasEnded) handle.received(ended);
    keeper.orders[0]?.fail(new LbError('LB_ERR_PRIMARY_LOST', { app: 'api', reason: 'it ended' }));
    expect(await stop).toBe(outcome);
  }
});

it('waits for the stop that is under way, and begins none of its own', async () => {
  const { keeper, handle } = make();
  const stop = handle.stop({}, ignore);
  let isStopped = false;
  const stopped = handle.stopped(ignore).then(() => (isStopped = true));
  await vi.waitFor(() => expect(keeper.orders).toHaveLength(1));
  expect(isStopped).toBe(false);
  keeper.orders[0]?.answer(done);
  await Promise.all([stop, stopped]);
  expect([keeper.orders.length, keeper.running]).toEqual([1, false]);
});

it('stops an app that runs when everything is to be stopped, and leaves one that does not', async () => {
  const { keeper, handle } = make();
  const stopped = handle.stopped(ignore);
  await vi.waitFor(() => expect(keeper.orders.map(({ order }) => order.kind)).toEqual(['stop']));
  keeper.orders[0]?.answer(done);
  await stopped;
  await handle.stopped(ignore);
  expect(keeper.orders).toHaveLength(1);
});

it('keeps what was seen of the app for its next primary, and saves it when it changes', async () => {
  const changed = vi.fn(() => {});
  const { keeper, handle } = make(changed);
  const seen = { listened: true, ownSockets: ['udp *:53'] };
  const report = { type: 'stats', app: 'api', stats: app({ replacement: { way: 'stop-first', reason: 'it opened udp *:53 by itself', ...seen } }) } as const;
  for (let n = 0; n < 2; n++) handle.received(report);
  expect([changed.mock.calls.length, handle.toSaved().footprint, handle.stopFirst]).toEqual([1, seen, true]);
  handle.connected(keeper.attachment, 4711, null);
  await vi.waitFor(() => expect(keeper.orders[0]?.order).toMatchObject({ kind: 'start', strict: false, footprint: seen }));
  // An older primary does not say it.
  const { replacement: _, ...older } = app();
  handle.received({ type: 'stats', app: 'api', stats: older });
  expect(handle.toSaved().footprint).toEqual(seen);
});
