import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { findHome, type UserProcess } from '../../src/system/find-home.ts';
import { thisUser } from '../../src/system/look-at-home.ts';

let dir: string;
beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), 'lb-find-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  dir = made;
});

afterEach(() => vi.unstubAllEnvs());

const nobody = (): null => null;
const find = (env: Record<string, string>): ReturnType<typeof findHome> => findHome(env, thisUser(), nobody);

it('is $LB_HOME, made absolute, else .lb in the home directory', () => {
  expect(find({ LB_HOME: join(dir, 'lb'), HOME: dir })).toEqual({ path: join(dir, 'lb'), isNew: true, isInhabited: false, passedOver: [], socket: null });
  expect(find({ LB_HOME: '', HOME: dir }).path).toBe(join(dir, '.lb'));
  expect(find({ LB_HOME: 'node_modules/.lb-home', HOME: dir }).path).toBe(join(process.cwd(), 'node_modules/.lb-home'));
});

it('names the command that repairs it', () => {
  const home = join(dir, '.lb');
  mkdirSync(home);
  chmodSync(home, 0o777);
  expect(() => find({ HOME: dir })).toThrow(
    expect.objectContaining({
      code: 'LB_ERR_HOME',
      message: `LB_HOME ${home} cannot be used: other users can write to it (mode 0777)`,
      hint: `run: chmod go-w ${home}`,
    }),
  );
});

it('of root in a container is that of the user of its first process', { tags: ['root'] }, () => {
  const home = join(dir, 'node', '.lb');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, 'lb.sock'), '');
  for (const path of [join(dir, 'node'), home]) chownSync(path, 4_711, 4_711);
  const root = { HOME: join(dir, 'root') };
  const ofFirst = (uid: number): object => findHome(root, thisUser(), () => ({ who: { uid, groups: [] }, env: { HOME: join(dir, 'node') } }));
  expect(ofFirst(4_711)).toMatchObject({ path: home, socket: join(home, 'lb.sock') });
  rmSync(join(home, 'lb.sock'));
  expect(ofFirst(4_711), 'which has no daemon').toMatchObject({ path: join(dir, 'root', '.lb'), socket: null });
  expect(ofFirst(0), 'of a machine').toMatchObject({ path: join(dir, 'root', '.lb'), socket: null });
});

it('of a command in a container is that of its first process, whose entry point may have set LB_HOME', () => {
  const home = join(dir, 'volume');
  mkdirSync(home, { mode: 0o700 });
  const who = thisUser();
  if (who === null) throw new Error('no user');
  const enter = (env: Record<string, string>): object => findHome(env, who, () => ({ who, env: { LB_HOME: home } }));
  expect(enter({ HOME: dir }), 'which has no daemon').toMatchObject({ path: join(dir, '.lb') });
  writeFileSync(join(home, 'lb.sock'), '');
  expect(enter({ HOME: dir })).toMatchObject({ path: home, isNew: false, socket: null });
  expect(enter({ HOME: dir, LB_HOME: join(dir, 'other') }), 'told where it is').toMatchObject({ path: join(dir, 'other') });
});

it('of the first process without HOME is not looked for in the directory of root', { tags: ['root'] }, () => {
  const own = join(dir, 'root');
  mkdirSync(join(own, '.lb'), { recursive: true, mode: 0o700 });
  vi.stubEnv('HOME', own);
  const spare = '/dev/shm/lb-4713';
  mkdirSync(spare, { mode: 0o700 });
  onTestFinished(() => rmSync(spare, { recursive: true, force: true }));
  writeFileSync(join(spare, 'lb.sock'), '');
  chownSync(spare, 4_713, 4_713);
  expect(findHome({ HOME: own }, thisUser(), () => ({ who: { uid: 4_713, groups: [] }, env: {} }))).toMatchObject({ path: spare });
});

it('of root where LB_HOME is for all in a container is that of the user of its first process', { tags: ['root'] }, () => {
  const home = join(dir, 'home');
  mkdirSync(home, { mode: 0o700 });
  chownSync(home, 4_711, 4_711);
  const find = (who: UserProcess['who']): object => findHome({ LB_HOME: home }, who, () => ({ who: { uid: 4_711, groups: [] }, env: {} }));
  const root = { uid: 0, groups: [0] };
  expect(() => find(root), 'which has no daemon').toThrow(expect.objectContaining({ code: 'LB_ERR_HOME' }));
  writeFileSync(join(home, 'lb.sock'), '');
  expect(find(root)).toMatchObject({ path: home, socket: join(home, 'lb.sock') });
  expect(() => find({ uid: 4_712, groups: [] }), 'another user').toThrow(expect.objectContaining({ code: 'LB_ERR_HOME' }));
});
