import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { assertOwnContent, ensureHome, returnSockets } from '../../src/system/ensure-home.ts';
import { secretNames } from '../../src/system/home-secret.ts';
import { homePaths } from '../../src/system/paths.ts';

let dir: string;
beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), 'lb-ensure-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  dir = made;
});

const modeOf = (path: string): number => statSync(path).mode & 0o777;

it('creates every directory for us alone, and finds nothing wrong the second time', () => {
  const paths = homePaths(join(dir, 'a', 'home'));
  ensureHome(paths);
  const names = secretNames(paths.home, 'lock');
  ensureHome(paths);
  expect([paths.home, paths.logs, paths.primaries].map(modeOf)).toEqual([0o700, 0o700, 0o700]);
  expect(new Set([...names, ...secretNames(paths.home, 'socket')]).size).toBe(128);
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{24}$/);
  expect(secretNames(paths.home, 'lock')).toEqual(names);
  expect(modeOf(join(paths.home, 'secret'))).toBe(0o600);
});

it('has the socket of a long path in a folder of ours, with a name that only this home knows', () => {
  const paths = homePaths(join(dir, 'long'.repeat(30)));
  const guessed = paths.socket;
  ensureHome(paths);
  const folder = dirname(paths.socket);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(paths.socket).not.toBe(guessed);
  expect([existsSync(dirname(guessed)), modeOf(folder)]).toEqual([false, 0o700]);
});

it('has the sockets elsewhere while the home cannot be written', { tags: ['ordinary'] }, () => {
  const paths = homePaths(join(dir, 'home'));
  ensureHome(paths);
  chmodSync(paths.home, 0o500);
  ensureHome(paths);
  const folders = [paths.socket, paths.attach].map(dirname);
  onTestFinished(() => rmSync(folders[0] ?? '', { recursive: true, force: true }));
  expect([new Set(folders).size, folders[0]]).toEqual([1, expect.stringMatching(/^\/tmp\/lb-/)]);
  returnSockets(paths.home);
  expect(existsSync(folders[0] ?? '')).toBe(true);
  chmodSync(paths.home, 0o700);
  returnSockets(paths.home);
  expect([existsSync(folders[0] ?? ''), dirname(paths.socket)]).toEqual([false, paths.home]);
});

it('goes on to the next folder when the name is taken, and says so', () => {
  const paths = homePaths(join(dir, 'long'.repeat(30)));
  ensureHome(paths);
  const first = dirname(paths.socket);
  chmodSync(first, 0o755);
  onTestFinished(() => rmSync(first, { recursive: true }));
  const said: string[] = [];
  ensureHome(paths, (message) => said.push(message));
  const second = dirname(paths.socket);
  onTestFinished(() => rmSync(second, { recursive: true }));
  expect(second).not.toBe(first);
  expect(said).toEqual([`another user has taken ${first}, where the control socket was to be; it is in ${second} now`]);
  rmSync(first, { recursive: true });
  mkdirSync(first);
  expect(dirname(paths.socket), 'for every process, also if the first name is free again').toBe(second);
});

it('refuses a home that others can write to, with the command that repairs it, and leaves it as it is', () => {
  const { home } = homePaths(join(dir, 'home'));
  mkdirSync(home);
  chmodSync(home, 0o755);
  ensureHome(homePaths(home));
  chmodSync(home, 0o770);
  const refused = expect.objectContaining({
    code: 'LB_ERR_HOME',
    message: `LB_HOME ${home} cannot be used: other users can write to it (mode 0770)`,
    hint: `run: chmod go-w ${home}`,
  });
  expect(() => ensureHome(homePaths(home))).toThrow(refused);
  expect(modeOf(home)).toBe(0o770);
});

it('refuses what is no directory, and a link in the place of one', () => {
  const home = join(dir, 'file');
  writeFileSync(home, '');
  expect(() => ensureHome(homePaths(home))).toThrow(
    expect.objectContaining({ code: 'LB_ERR_HOME', message: expect.stringContaining('not a directory') as string }),
  );
  expect(() => ensureHome(homePaths(join(home, 'below')))).toThrow(expect.objectContaining({ code: 'LB_ERR_HOME' }));
  const paths = homePaths(join(dir, 'home'));
  mkdirSync(paths.home);
  writeFileSync(paths.logs, '');
  expect(() => ensureHome(paths)).toThrow(`${paths.logs}: it is not a directory`);
  rmSync(paths.logs);
  symlinkSync(dir, paths.logs);
  expect(() => ensureHome(paths)).toThrow(`${paths.logs}: it is a symbolic link`);
});

it('refuses a home in which somebody else has put something', { tags: ['root'] }, () => {
  const paths = homePaths(join(dir, 'home'));
  ensureHome(paths);
  const planted = join(paths.logs, 'api-out.log');
  writeFileSync(planted, '');
  assertOwnContent(paths);
  chownSync(planted, 4_711, 4_711);
  expect(() => assertOwnContent(paths)).toThrow(`${planted} belongs to user 4711, who must have put it there`);
});
