import { expect, it } from 'vitest';
import { now, wallNow } from '../../src/system/clock.ts';

it('has a monotonic clock and one for people', () => {
  const before = now();
  expect(now()).toBeGreaterThanOrEqual(before);
  expect(Math.abs(wallNow() - Date.now())).toBeLessThan(1000);
  expect(Math.abs(performance.now() - now())).toBeLessThan(1000);
});
