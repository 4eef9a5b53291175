import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sharedLogs } from '../../src/logs/shared-logs.ts';

let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'lb-shared-')));
});
afterEach(() => rmSync(dir, { recursive: true }));

const app = (name: string, outFile: string | null, errorFile: string | null = null): Parameters<typeof sharedLogs>[0] => ({
  name,
  outFile,
  errorFile,
  logFile: null,
});

it('names the apps that write to the same file, whatever links lead there, and whether it is there yet', async () => {
  mkdirSync(join(dir, 'logs'));
  symlinkSync('logs', join(dir, 'here'));
  symlinkSync('logs/app.log', join(dir, 'link.log'));
  const file = join(dir, 'logs', 'app.log');
  const others = [app('api', file), app('web', join(dir, 'here', 'app.log')), app('own', join(dir, 'own.log')), app('new', join(dir, 'old.log'))];
  const rest = 'each rotates it by its own log_max_size and log_keep';
  expect(await sharedLogs(app('new', join(dir, 'link.log'), join(dir, 'own.log')), others)).toEqual([
    `new, api and web all write to ${file}; ${rest}`,
    `new and own both write to ${join(dir, 'own.log')}; ${rest}`,
  ]);
});

it('says nothing about what is not rotated, nor about an app that uses one file for both streams', async () => {
  const file = join(dir, 'app.log');
  expect(await sharedLogs(app('new', file, file), [app('new', file), app('api', 'journal', '/dev/stderr')])).toEqual([]);
  expect(await sharedLogs(app('new', 'journal', '/dev/stderr'), [app('api', 'journal', '/dev/stderr')])).toEqual([]);
});
