import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { DaemonLog } from '../../src/daemon/daemon-log.ts';
import { Unwritten } from '../../src/daemon/unwritten.ts';
import { tempHome } from './temp-home.ts';

const clock = vi.hoisted(() => ({ ms: 0 }));
vi.mock('../../src/system/clock.ts', () => ({ now: () => clock.ms, wallNow: () => 0 }));
afterEach(() => {
  clock.ms = 0;
});

const linesOf = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.replace('1970-01-01T00:00:00.000Z ', ''));

it('leaves out what cannot be written, says so once, and goes on when it can', () => {
  const path = join(tempHome(), 'daemon.log');
  const told: string[] = [];
  const log = new DaemonLog(path);
  // Telling is logged as well.
  const unwritten: Unwritten = new Unwritten((message) => {
    told.push(message);
    log.write(message);
  });
  log.reports = unwritten;
  log.write('one');
  renameSync(path, `${path}.1`);
  mkdirSync(path);
  for (const message of ['two', 'three']) log.write(message);
  const problem = `${path} cannot be written (EISDIR: illegal operation on a directory); what the daemon logs is lost until it can`;
  expect([told, unwritten.messages]).toEqual([[problem], [problem]]);
  rmdirSync(path);
  log.write('four');
  expect(existsSync(path), 'it is not tried again at once').toBe(false);
  clock.ms = 1_000;
  unwritten.tryAgain();
  expect(told.slice(1)).toEqual([`${path} can be written again`]);
  expect(linesOf(`${path}.1`)).toEqual(['one', '']);
  expect(linesOf(path)).toEqual(['the log can be written again; 4 lines were lost', 'trying to write the log', `${path} can be written again`, '']);
});

it('goes on in a new file when the one it had was moved away', () => {
  const path = join(tempHome(), 'daemon.log');
  const log = new DaemonLog(path);
  log.write('one');
  renameSync(path, `${path}.1`);
  log.write('two');
  expect([linesOf(`${path}.1`), linesOf(path)]).toEqual([
    ['one', ''],
    ['two', ''],
  ]);
});
