import { expect, it, onTestFinished } from 'vitest';
import { takeLock } from '../../src/daemon/take-over.ts';
import type { DaemonRole } from '../../src/lifecycle/daemon-role.ts';
import { acquireLock, type Lock } from '../../src/system/lock.ts';
import { homePaths } from '../../src/system/paths.ts';
import { tempHome } from './temp-home.ts';

type Reply = 'agreed' | 'refused' | 'absent' | 'silent';

/** Another daemon that holds the lock of a home. */
async function held(): Promise<{ readonly take: (role: DaemonRole, ask: () => Reply) => Promise<Lock>; readonly release: () => void }> {
  const paths = homePaths(tempHome());
  const lock = await acquireLock(paths.home);
  const release = (): void => lock?.release();
  onTestFinished(release);
  return { release, take: (role, ask) => takeLock({ paths, role, log: () => {}, ask: () => Promise.resolve(ask()) }) };
}
const never = (): Reply => expect.unreachable();

it('takes a lock that nobody holds, and asks nobody', async () => {
  const { take, release } = await held();
  release();
  (await take('background', never)).release();
});

it('asks nobody to leave when lb started it by itself', async () => {
  const { take } = await held();
  await expect(take('background', never)).rejects.toMatchObject({ code: 'LB_ERR_DAEMON_RUNNING', details: { pid: process.pid } });
});

it('gives way to a daemon that refuses', async () => {
  const { take } = await held();
  await expect(take('foreground', () => 'refused')).rejects.toMatchObject({ code: 'LB_ERR_DAEMON_RUNNING' });
});

it('asks one that agreed no second time, and takes the lock when that one leaves', async () => {
  const { take, release } = await held();
  let asked = 0;
  const taking = take('foreground', () => {
    asked++;
    setTimeout(release, 100);
    return 'agreed';
  });
  (await taking).release();
  expect(asked).toBe(1);
});

it('goes on asking one that does not listen yet', async () => {
  const { take, release } = await held();
  let asked = 0;
  const taking = take('successor', () => {
    if (++asked === 5) release();
    return 'absent';
  });
  (await taking).release();
  expect(asked).toBe(5);
});
