import { spawn } from 'node:child_process';
import { expect, it, onTestFinished, vi } from 'vitest';
import { HandOver } from '../../src/daemon/hand-over.ts';
import { waitFor } from '../helpers/wait.ts';

const NOBODY = 2_147_483_646;
const living = (): number => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  onTestFinished(() => void child.kill());
  return child.pid ?? 0;
};

function handOver(isSettled: () => boolean): { readonly over: HandOver; readonly leave: ReturnType<typeof vi.fn>; readonly log: ReturnType<typeof vi.fn> } {
  const [leave, log] = [vi.fn(), vi.fn()];
  return { over: new HandOver({ home: '/h', role: 'background', isSettled, leave, log }), leave, log };
}

it('leaves when its primaries are attached, once however often it is asked', async () => {
  let settled = false;
  let asked = 0;
  const { over, leave } = handOver(() => {
    asked++;
    return settled;
  });
  const pid = living();
  over.agree({ role: 'foreground', pid });
  over.agree({ role: 'foreground', pid });
  await waitFor('it to look several times', () => asked > 3);
  expect(leave).not.toHaveBeenCalled();
  settled = true;
  await waitFor('it to leave', () => leave.mock.calls.length > 0);
  expect(leave).toHaveBeenCalledExactlyOnceWith(`handing over to another daemon (pid ${pid})`);
});

it('stays when the other one is gone by then, and may be asked again', async () => {
  const { over, leave, log } = handOver(() => true);
  over.agree({ role: 'foreground', pid: NOBODY });
  await waitFor('it to notice', () => log.mock.calls.length > 0);
  expect(leave).not.toHaveBeenCalled();
  over.agree({ role: 'foreground', pid: living() });
  await waitFor('it to leave', () => leave.mock.calls.length > 0);
});

it('refuses one that lb started by itself', () => {
  const { over } = handOver(() => true);
  expect(() => over.agree({ role: 'background', pid: 1 })).toThrow(expect.objectContaining({ code: 'LB_ERR_DAEMON_RUNNING' }) as Error);
});
