import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { unproven } from '../../src/daemon/primary-proof.ts';
import { createToken } from '../../src/system/handle-channel.ts';
import { startTimeOf } from '../../src/system/processes.ts';
import { tempHome } from './temp-home.ts';

/** A process that was started as a primary. @param third its descriptor 3 */
async function start(home: string, third: number | 'ignore'): Promise<number> {
  const env = { LB_PRIMARY_SETTINGS: JSON.stringify({ name: 'api', home }) };
  const child = spawn('sleep', ['60'], { env, stdio: ['ignore', 'ignore', 'ignore', third] });
  await once(child, 'spawn');
  onTestFinished(() => void child.kill());
  return child.pid!;
}

it.runIf(process.platform === 'linux')('believes only the process that was started as a primary of this home and holds the token', async () => {
  const home = tempHome();
  const { handle, inode } = createToken()!;
  onTestFinished(() => handle.close());
  const descriptor = Reflect.get(handle, 'fd') as number;
  const [primary, other] = [await start(home, descriptor), await start(home, 'ignore')];
  const hello = (pid: number, proof: number | null = 3): Parameters<typeof unproven>[0] => ({ name: 'api', pid, startTime: startTimeOf(pid), proof });
  const link = join(tempHome(), 'link');
  symlinkSync(home, link);
  const asked = { home, inode, dialled: null };
  const problems = [
    unproven(hello(primary), asked),
    unproven(hello(primary), { ...asked, home: link }),
    unproven({ ...hello(primary), startTime: 1 }, asked),
    unproven(hello(primary, 0), asked),
    unproven(hello(primary, null), asked),
    unproven(hello(other), asked),
    unproven(hello(process.pid, descriptor), asked),
    unproven(hello(primary), { ...asked, home: tempHome() }),
    // Without /proc nothing can be proved.
    unproven(hello(other, null), { ...asked, inode: null }),
  ];
  expect(problems.map((problem) => problem?.path ?? null)).toEqual([null, null, 'startTime', 'proof', 'proof', 'proof', 'pid', 'pid', null]);
});

it('a primary that was dialled is the process that inherited the socket, and no other', () => {
  const { pid } = process;
  const startTime = startTimeOf(pid);
  const asked = { home: '/', inode: null, dialled: { name: 'api', pid, startTime: startTime ?? 0 } };
  const hello = { name: 'api', pid, startTime, proof: null };
  const problems = [hello, { ...hello, name: 'web' }, { ...hello, pid: 1 }, { ...hello, startTime: 1 }].map((each) => unproven(each, asked));
  expect(problems.map((problem) => problem?.path ?? null)).toEqual([null, 'pid', 'pid', 'pid']);
  // Another process has this pid by now.
  const reused = { ...asked, dialled: { ...asked.dialled, startTime: 1 } };
  expect(unproven({ ...hello, startTime: 1 }, reused)?.path).toBe('pid');
});
