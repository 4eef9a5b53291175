import { expect, it } from 'vitest';
import { nextStep, type Need, type Situation } from '../../src/lifecycle/daemon-need.ts';

const NEEDS: readonly Need[] = ['read', 'change', 'start', 'wait'];
const steps = (now: { daemon?: boolean; living?: boolean; apps?: boolean; waitedMs?: number }): string[] => {
  const { daemon = false, living = false, apps = false, waitedMs = 0 } = now;
  const situation: Situation = { hasDaemon: daemon, hasLivingApps: () => living, hasApps: () => apps, waitedMs };
  return NEEDS.map((need) => nextStep(need, situation));
};

it.each([
  ['where nothing is, only a start starts a daemon', {}, ['none', 'none', 'start', 'none']],
  ['for apps that do not run, what changes something does too', { apps: true }, ['none', 'start', 'start', 'none']],
  ['living apps are given time to bring one back', { living: true, waitedMs: 1_500 }, ['wait', 'wait', 'wait', 'wait']],
  ['but not for ever', { living: true, waitedMs: 2_000 }, ['start', 'start', 'start', 'wait']],
  ['not even by who only waits', { living: true, waitedMs: 11_000 }, ['start', 'start', 'start', 'lost']],
  ['a daemon without a socket is given time to open it', { daemon: true, waitedMs: 3_000 }, ['wait', 'wait', 'wait', 'wait']],
  ['and none is started beside it', { daemon: true, waitedMs: 6_000 }, ['deaf', 'deaf', 'deaf', 'deaf']],
])('%s', (_, situation, expected) => {
  expect(steps(situation)).toEqual(expected);
});
