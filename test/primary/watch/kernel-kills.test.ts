import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KernelKills } from '../../../src/primary/watch/kernel-kills.ts';

const system = vi.hoisted(() => ({ kills: 0 as number | null }));
vi.mock('../../../src/system/memory-room.ts', () => ({ oomKillCounter: () => () => system.kills }));

let kernelKills: KernelKills;
beforeEach(() => {
  vi.useFakeTimers();
  system.kills = 0;
  kernelKills = new KernelKills();
});
afterEach(() => {
  vi.useRealTimers();
});

it('reports a recent kill to every worker that ended with it', () => {
  expect(kernelKills.justNow()).toBe(false);
  system.kills = 2;
  expect([kernelKills.justNow(), kernelKills.justNow()]).toEqual([true, true]);
  vi.advanceTimersByTime(1_000);
  expect(kernelKills.justNow()).toBe(false);
  system.kills = null;
  expect(kernelKills.justNow()).toBe(false);
});

it('does not attribute a current SIGKILL to an old kill', () => {
  system.kills = 1;
  for (let at = 0; at < 20_000; at += 1_000) {
    vi.advanceTimersByTime(1_000);
    kernelKills.check();
  }
  expect(kernelKills.justNow()).toBe(false);
});
