import { afterEach, beforeEach, expect, it, vi, type Mock } from 'vitest';
import { Predecessor } from '../../src/daemon/predecessor.ts';
import { Respawn } from '../../src/daemon/respawn.ts';

/** Calls back when the orphans of a primary have ended. */
let ended: () => void;
const orphans = vi.hoisted(() => ({ left: false, askedWith: [] as unknown[][] }));
vi.mock('../../src/daemon/orphaned-session.ts', () => ({
  orphansNow: () => (orphans.left ? [{ pid: 7, startTime: 1 }] : []),
  isOrphaned: () => false,
  orphansEnded: (...args: unknown[]) => {
    orphans.askedWith.push(args);
    return new Promise<void>((resolve) => (ended = resolve));
  },
}));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  Object.assign(orphans, { left: true, askedWith: [] });
});
afterEach(() => {
  vi.useRealTimers();
});

const app = (changes: object = {}) => ({ wanted: true, stopFirst: true, killTimeoutMs: 5_000, ...changes });
const make = (): { readonly respawn: Respawn; readonly start: Mock<() => void> } => ({
  respawn: new Respawn(new Predecessor(() => {}, { of: () => [], forget: () => {} })),
  start: vi.fn(() => {}),
});

it('starts at once the first time, then later and later; a primary that lived long resets that', () => {
  const { respawn } = make();
  respawn.spawned();
  expect([1, 2, 3].map(() => respawn.nextDelayMs())).toEqual([0, 200, 400]);
  vi.advanceTimersByTime(10_001);
  expect(respawn.nextDelayMs()).toBe(0);
});

it('waits for the orphans of an app that is replaced stop-first, for their longest kill_timeout', async () => {
  const { respawn, start } = make();
  respawn.predecessor.leaves(7, [app(), app({ killTimeoutMs: 9_000 }), app({ stopFirst: false, killTimeoutMs: 60_000 })]);
  respawn.after(0, start);
  vi.advanceTimersByTime(60_000);
  expect([start.mock.calls.length, respawn.due, orphans.askedWith]).toEqual([0, true, [[7, 9_000]]]);
  ended();
  await new Promise(setImmediate);
  expect([start.mock.calls.length, respawn.due]).toEqual([1, false]);
});

it.each([
  ['nothing is left', { left: false }, app()],
  ['the app is replaced start-first', {}, app({ stopFirst: false })],
  ['the app is being stopped', {}, app({ wanted: false })],
])('does not wait if %s', (_, changes, one) => {
  Object.assign(orphans, changes);
  const { respawn, start } = make();
  respawn.predecessor.leaves(7, [one]);
  respawn.after(100, start);
  vi.advanceTimersByTime(99);
  expect(start).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(start).toHaveBeenCalledTimes(1);
});

it('sees to it that the orphans of any app end', () => {
  const { respawn, start } = make();
  respawn.predecessor.leaves(7, [app({ stopFirst: false, killTimeoutMs: 3_000 }), app({ wanted: false })]);
  expect(orphans.askedWith).toEqual([[7, 5_000]]);
  respawn.after(0, start);
  vi.advanceTimersByTime(0);
  expect(start).toHaveBeenCalledTimes(1);
});

it('does not wait for a session that a file names, if no worker is in it', () => {
  const { respawn, start } = make();
  respawn.predecessor.leaves(7, [app()], true);
  respawn.after(0, start);
  vi.advanceTimersByTime(0);
  expect(start).toHaveBeenCalledTimes(1);
});

it('a start that is cancelled meanwhile does not come', async () => {
  const { respawn, start } = make();
  respawn.predecessor.leaves(7, [app()]);
  respawn.after(0, start);
  vi.advanceTimersByTime(0);
  respawn.cancel();
  ended();
  await new Promise(setImmediate);
  expect([start.mock.calls.length, respawn.due]).toEqual([0, false]);
});
