import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Respawn } from '../../src/daemon/respawn.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('starts at once the first time, then later and later; a primary that lived long resets that', () => {
  const respawn = new Respawn();
  respawn.spawned();
  expect([1, 2, 3].map(() => respawn.nextDelayMs())).toEqual([0, 200, 400]);
  vi.advanceTimersByTime(10_001);
  expect(respawn.nextDelayMs()).toBe(0);
});

it('is due until it starts the next one', () => {
  const respawn = new Respawn();
  const start = vi.fn(() => {});
  respawn.after(100, start);
  vi.advanceTimersByTime(99);
  expect([start.mock.calls.length, respawn.due]).toEqual([0, true]);
  vi.advanceTimersByTime(1);
  expect([start.mock.calls.length, respawn.due]).toEqual([1, false]);
});

it('a start that is cancelled meanwhile does not come', () => {
  const respawn = new Respawn();
  const start = vi.fn(() => {});
  respawn.after(100, start);
  respawn.cancel();
  vi.advanceTimersByTime(200);
  expect([start.mock.calls.length, respawn.due]).toEqual([0, false]);
});
