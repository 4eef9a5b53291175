import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { abstractNamesOf, acquireLock } from '../../src/system/lock.ts';
import { killDaemon, runningDaemon } from '../../src/system/running-daemon.ts';
import { startTimeOf } from '../../src/system/processes.ts';

let home: string;
let files: { readonly home: string; readonly daemonPid: string };
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lb-running-'));
  files = { home, daemonPid: join(home, 'daemon.pid') };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const own = (): { readonly pid: number; readonly startTime: number | null } => ({ pid: process.pid, startTime: startTimeOf(process.pid) });

it('is the process that holds the lock, whatever the pid file says', async () => {
  expect(runningDaemon(files)).toBeNull();
  writeFileSync(files.daemonPid, JSON.stringify({ version: 1, pid: process.pid }));
  expect(runningDaemon(files)).toBeNull();
  const lock = await acquireLock(home);
  expect(runningDaemon(files)).toEqual(own());
  for (const text of ['', '{"pid":1}', '{"pid":999999999}']) {
    writeFileSync(files.daemonPid, text);
    expect(runningDaemon(files)).toEqual(own());
  }
  lock?.release();
});

it('kills the holder of the lock, and nobody else', async () => {
  const script = `require('node:net').createServer().listen({ path: ${JSON.stringify(`\0${abstractNamesOf(home)[0]}`)}, exclusive: true }, () => console.log('up'))`;
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(holder, 'exit');
  await once(holder.stdout, 'data');
  const daemon = runningDaemon(files);
  expect(daemon?.pid).toBe(holder.pid);
  expect(killDaemon(files, { pid: process.pid, startTime: own().startTime ?? 0 })).toBe(false);
  expect(killDaemon(files, { pid: daemon?.pid ?? 0, startTime: 1 })).toBe(false);
  expect(killDaemon(files, daemon ?? { pid: 0, startTime: 0 })).toBe(true);
  expect((await exited)[1]).toBe('SIGKILL');
});
