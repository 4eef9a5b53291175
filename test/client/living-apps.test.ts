import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { hasLivingApps } from '../../src/client/living-apps.ts';
import { WORKER_SETTINGS_VAR } from '../../src/protocol/worker.ts';
import { startTimeOf } from '../../src/system/processes.ts';

function recorded(...records: readonly unknown[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'lb-living-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [index, record] of records.entries())
    writeFileSync(join(directory, `${index}.json`), typeof record === 'string' ? record : JSON.stringify(record));
  return directory;
}

it('nothing lives where there is no directory, or no record', () => {
  expect([hasLivingApps('/nonexistent'), hasLivingApps(recorded())]).toEqual([false, false]);
});

it('a primary lives that has the pid and the start time of its record; one that cannot be read does not', () => {
  const own = { pid: process.pid, startTime: startTimeOf(process.pid) };
  expect(hasLivingApps(recorded('{"pid":', 'null', own))).toBe(true);
  expect(hasLivingApps(recorded({ ...own, startTime: 1 }, { pid: 2_147_483_646, startTime: 1 }, '{"pid":'))).toBe(false);
});

it.each([
  ['a worker that outlived its primary lives', WORKER_SETTINGS_VAR, true],
  ['another process that is in the session of a dead one does not count', 'OTHER', false],
])('%s', async (_, variable, expected) => {
  const shell = spawn('sh', ['-c', 'sleep 30 & echo $!'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], [variable]: '{}' },
  });
  const [text] = (await once(shell.stdout, 'data')) as [Buffer];
  onTestFinished(() => void process.kill(Number(String(text))));
  if (shell.exitCode === null) await once(shell, 'exit');
  expect(hasLivingApps(recorded({ pid: shell.pid, startTime: 1 }))).toBe(expected);
});
