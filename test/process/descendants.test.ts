/** @module-tag light */
import { expect, it, onTestFinished } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { LB_PROGRAM } from '../helpers/paths.ts';
import { isAlive } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

const LASTS = 'setInterval(() => {}, 1000)';

/** Starts a launcher, stops it, and tells what became of its child. */
async function stopLauncher(
  child: readonly string[],
  { detached = false, stubborn = false, treekill = true } = {},
): Promise<{ readonly alive: boolean; readonly events: string; readonly durationMs: number }> {
  const env = { CHILD: JSON.stringify(child), DETACHED: detached ? '1' : '0', STUBBORN: stubborn ? '1' : '0', CHILD_HOME: sandbox.home };
  const { name, port } = await sandbox.start('leaves-children.cjs', {
    instances: 1,
    env,
    flags: [...(stubborn ? ['--kill-timeout', '1s'] : []), ...(treekill ? [] : ['--no-treekill'])],
  });
  const pid = (await getJson<{ child: number }>(port)).child;
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  const { durationMs } = await sandbox.ok('stop', name);
  return { alive: isAlive(pid), events: (await sandbox.ok('events', name)).stdout, durationMs };
}

it('a child that its worker left behind is gone when the stop ends', async () => {
  const { alive, events, durationMs } = await stopLauncher(['-e', LASTS]);
  expect([alive, durationMs < 5_000]).toEqual([false, true]);
  expect(events).toContain('it left 1 process behind, which lb ended');
});

it.each([false, true])('with treekill off it goes on, also when its worker is killed at its deadline: %s', async (stubborn) => {
  const { alive } = await stopLauncher(['-e', LASTS], { treekill: false, stubborn });
  expect(alive).toBe(true);
});

it('one that ignores SIGTERM too', async () => {
  const { alive } = await stopLauncher(['-e', `process.on('SIGTERM', () => {}); ${LASTS}`]);
  expect(alive).toBe(false);
});

it('one in a session of its own is spared, and reported', async () => {
  const { alive, events } = await stopLauncher(['-e', LASTS], { detached: true });
  expect(alive).toBe(true);
  expect(events).toContain('left running: pid');
});

it('a running lb command is spared', async () => {
  const { alive, events } = await stopLauncher([LB_PROGRAM, 'logs']);
  expect(events).toContain('left running: pid');
  expect(alive).toBe(true);
});

it('of a worker that is killed at its deadline, a child is killed with it', async () => {
  const { alive, events, durationMs } = await stopLauncher(['-e', `process.on('SIGTERM', () => {}); ${LASTS}`], { stubborn: true });
  expect([alive, durationMs < 2_500]).toEqual([false, true]);
  expect(events).toContain('kill_timeout');
});

it.each([
  ['one in a session of its own', ['-e', LASTS], true],
  ['a running lb command', [LB_PROGRAM, 'logs'], false],
] as const)('of a worker that is killed at its deadline, %s is spared, and reported', async (_, child, detached) => {
  const { alive, events, durationMs } = await stopLauncher(child, { detached, stubborn: true });
  expect(events).toContain('left running: pid');
  expect([alive, durationMs < 2_500]).toEqual([true, true]);
});
