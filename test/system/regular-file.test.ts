import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLogFor } from '../../src/system/log-descriptor.ts';
import { openRegular, openRegularFile } from '../../src/system/regular-file.ts';
import { tempHome } from '../daemon/temp-home.ts';

function placesIn(home: string): { readonly pipe: string; readonly directory: string; readonly file: string } {
  const [pipe, directory, file] = ['pipe', 'directory', 'file'].map((name) => join(home, name)) as [string, string, string];
  if (spawnSync('mkfifo', [pipe]).status !== 0) throw new Error('mkfifo');
  mkdirSync(directory);
  writeFileSync(file, 'text');
  return { pipe, directory, file };
}

it('opens regular files, and refuses everything else without waiting for it', async () => {
  const { pipe, directory, file } = placesIn(tempHome());
  closeSync(openRegular(file));
  await (await openRegularFile(file)).close();
  for (const path of [pipe, directory, '/dev/null']) {
    expect(() => openRegular(path)).toThrow(`${path} is not a regular file`);
    await expect(openRegularFile(path)).rejects.toThrow(`${path} is not a regular file`);
  }
});

it('a log for a child process goes nowhere if it is no regular file, or cannot be opened', () => {
  const home = tempHome();
  const { pipe, directory, file } = placesIn(home);
  const link = join(home, 'link');
  symlinkSync(file, link);
  const log = openLogFor(file);
  expect(typeof log.stdio).toBe('number');
  log.close();
  for (const path of [pipe, directory, link, join(home, 'missing', 'daemon.log')]) {
    const nowhere = openLogFor(path);
    expect(nowhere.stdio, path).toBe('ignore');
    nowhere.close();
  }
});
