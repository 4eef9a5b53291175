import { lstatSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Io } from '../../../src/cli/io.ts';
import { dropName, takeName } from '../../../src/cli/pm2/name-link.ts';
import { LB_PM2_PROGRAM } from '../../../src/system/lb-program.ts';
import { runWith } from '../run.ts';

let folder: string;
let other: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lb-link-'));
  other = join(folder, 'other');
  mkdirSync(other);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs it with a PATH. @returns what is said, or the error */
const said = async (work: (io: Io) => readonly string[], path: string): Promise<string> => {
  let text = '';
  const run = (_: readonly string[], io: Io): Promise<null> => {
    text = work(io).join('\n');
    return Promise.resolve(null);
  };
  return await runWith(run, [], { home: folder, env: { PATH: path } }).then(
    () => text,
    (error: unknown) => String(error),
  );
};
const take = (dir: string | undefined, path: string, daemons: Parameters<typeof takeName>[2] = []): Promise<string> =>
  said((io) => takeName(dir, io, daemons), path);
const drop = (dir: string | undefined, path: string): Promise<string> => said((io) => dropName(dir, io), path);

it('links the name, says so, and takes the link away', async () => {
  const link = join(folder, 'pm2');
  expect(await take(folder, folder)).toBe(`${link} is lb-pm2 now; "lb-pm2 unalias" takes the name away again`);
  expect(readlinkSync(link)).toBe(LB_PM2_PROGRAM);
  expect(await take(folder, folder)).toBe(`${link} is lb-pm2 already`);
  expect(await drop(folder, folder)).toBe(`${link} was removed`);
  expect(lstatSync(link, { throwIfNoEntry: false })).toBeUndefined();
  expect(await drop(folder, folder)).toBe(`there is no ${link}`);
});

it('goes beside lb-pm2 by default', async () => {
  symlinkSync(LB_PM2_PROGRAM, join(other, 'lb-pm2'));
  expect(await take(undefined, `${folder}:${other}`)).toContain(`${join(other, 'pm2')} is lb-pm2 now`);
  expect(await drop(undefined, `${folder}:${other}`)).toBe(`${join(other, 'pm2')} was removed`);
  expect(await take(undefined, folder)).toContain('name the folder for the link: lb-pm2 alias <dir>');
});

it('warns when another program is found first, or none', async () => {
  writeFileSync(join(other, 'pm2'), '');
  expect(await take(folder, `${other}:${folder}`)).toContain(`warning: ${join(other, 'pm2')} comes before it in PATH`);
  expect(await take(folder, other)).toBe(`${join(folder, 'pm2')} is lb-pm2 already`);
  await drop(folder, other);
  expect(await take(folder, '/nowhere')).toContain('warning: its folder is not in PATH');
});

it('leaves what is not ours', async () => {
  const theirs = join(folder, 'pm2');
  writeFileSync(theirs, 'theirs');
  expect(await take(folder, folder)).toContain(`${theirs}: there is something else of this name`);
  expect(await drop(folder, folder)).toContain(`${theirs}: it is not lb-pm2`);
  expect(lstatSync(theirs).isFile()).toBe(true);
});

it('is refused while a daemon of PM2 runs', async () => {
  expect(await take(folder, folder, [{ pid: 77, home: '/home/me/.pm2' }])).toContain('PM2 runs (pid 77, /home/me/.pm2)');
  expect(lstatSync(join(folder, 'pm2'), { throwIfNoEntry: false })).toBeUndefined();
});
