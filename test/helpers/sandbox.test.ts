import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive, killProcess, processInfo, processesOf } from './processes.ts';
import { Sandbox } from './sandbox.ts';
import { waitFor, within } from './wait.ts';

describe('a sandbox that is disposed of', () => {
  it('removes its directory when all is well', async () => {
    const sandbox = new Sandbox();
    sandbox.writeApp('app.js', '');
    await sandbox.dispose();
    expect(existsSync(sandbox.directory)).toBe(false);
  });

  it('fails when a process was left behind, and ends it', async () => {
    const sandbox = new Sandbox();
    const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'], {
      env: { LB_HOME: sandbox.home },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    expect(processesOf(sandbox.directory).map((found) => found.pid)).toEqual([child.pid]);
    await expect(sandbox.dispose(50)).rejects.toThrow(`left behind: pid ${child.pid}`);
    await waitFor('the process to be gone', () => !isAlive(child.pid ?? -1));
  });

  it('fails when the socket file was left behind', async () => {
    const sandbox = new Sandbox();
    mkdirSync(sandbox.home);
    writeFileSync(join(sandbox.home, 'lb.sock'), '');
    await expect(sandbox.dispose(50)).rejects.toThrow(`left behind: ${sandbox.socket}`);
    expect(existsSync(sandbox.directory)).toBe(false);
  });
});

describe('waiting', () => {
  it('returns the first truthy answer', async () => {
    let asked = 0;
    expect(await waitFor('the third', () => (++asked === 3 ? asked : null))).toBe(3);
  });

  it('says what was awaited, what the last answer was and what helps', async () => {
    const waiting = waitFor('a pig to fly', () => Promise.reject(new Error('no wings')), { deadlineMs: 30, context: () => 'the log says' });
    await expect(waiting).rejects.toThrow(/waited 30 ms in vain for a pig to fly; last: Error: no wings[^]*the log says/);
    await expect(within('nothing', 10, new Promise(() => {}))).rejects.toThrow('waited 10 ms in vain for nothing');
  });
});

it('a signal goes only to the process that was meant', () => {
  const me = processInfo(process.pid);
  if (me === null) throw new Error('no /proc');
  expect(killProcess({ pid: me.pid, startTime: me.startTime - 1 }, 'SIGKILL')).toBe(false);
});
