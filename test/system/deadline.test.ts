import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withDeadline } from '../../src/system/deadline.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new Promise<string>(() => {});

it('is null at the deadline, not before', async () => {
  const settled = vi.fn();
  void withDeadline(never, 100).then(settled);
  await vi.advanceTimersByTimeAsync(99);
  expect(settled).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(settled).toHaveBeenCalledExactlyOnceWith(null);
});

it('is the outcome of the promise before, and leaves no timer behind', async () => {
  expect(await withDeadline(Promise.resolve('here'), 100)).toBe('here');
  await expect(withDeadline(Promise.reject(new Error('failed')), 100)).rejects.toThrow('failed');
  expect(vi.getTimerCount()).toBe(0);
});
