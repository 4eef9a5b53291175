import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { isGroupVolume, lookAtHome, type Who } from '../../src/system/look-at-home.ts';

const uid = process.getuid?.() ?? 0;
const US: Who = { uid, groups: process.getgroups?.() ?? [] };
const isRoot = uid === 0;
let dir: string;
beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), 'lb-look-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  dir = made;
});

/** A directory with this mode, whatever the umask. */
function directory(name: string, mode: number): string {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  return path;
}

it('a directory of ours is one, with or without a daemon in it', () => {
  const home = directory('home', 0o755);
  expect(lookAtHome(home, US)).toEqual({ state: 'ours', writable: true, inhabited: false });
  writeFileSync(join(home, 'state.json'), '{}');
  expect(lookAtHome(home, US)).toEqual({ state: 'ours', writable: true, inhabited: true });
});

it('what is not there can be made, however deep', () => {
  expect(lookAtHome(join(dir, 'a', 'b'), US)).toEqual({ state: 'absent' });
});

it('what cannot be made or written is not usable', { tags: ['ordinary'] }, () => {
  const closed = directory('closed', 0o500);
  expect(lookAtHome(join(closed, 'home'), US)).toEqual({ state: 'unusable', reason: `${closed} is not writable` });
  expect(lookAtHome(closed, US)).toMatchObject({ state: 'ours', writable: false });
});

it('a file is no home, nor is anything below it', () => {
  writeFileSync(join(dir, 'file'), '');
  expect(lookAtHome(join(dir, 'file'), US)).toEqual({ state: 'unusable', reason: 'it is not a directory' });
  expect(lookAtHome(join(dir, 'file', 'home'), US)).toEqual({ state: 'unusable', reason: `${join(dir, 'file')} is not a directory` });
});

it.each([0o777, 0o770, 0o707])('others can write to it (mode %o)', (mode) => {
  const home = directory('home', mode);
  expect(lookAtHome(home, US)).toEqual({
    state: 'unsafe',
    reason: `other users can write to it (mode 0${mode.toString(8)})`,
    repair: `chmod go-w ${home}`,
    isThere: true,
  });
});

it('a directory for everybody is not closed, but one in it is named', () => {
  const shared = directory('it is shared', 0o1777);
  expect(lookAtHome(shared, US)).toEqual({
    state: 'unsafe',
    reason: 'it is a directory shared with other users',
    repair: `LB_HOME='${shared}/lb-${uid}'`,
    isThere: true,
  });
  expect(lookAtHome(directory('it is shared/lb', 0o700), US)).toMatchObject({ state: 'ours' });
});

it('everybody can replace it, from a directory above', () => {
  const above = directory('above', 0o777);
  const found = {
    state: 'unsafe',
    reason: `everybody can write to ${above}, and replace what is in it (mode 0777)`,
    repair: `chmod +t ${above}`,
    isThere: true,
  };
  expect(lookAtHome(join(above, 'home'), US)).toEqual({ ...found, isThere: false });
  expect(lookAtHome(directory('above/home', 0o700), US)).toEqual(found);
  expect(lookAtHome(directory('above/between/home', 0o700), US)).toEqual(found);
  chmodSync(above, 0o1777);
  expect(lookAtHome(join(above, 'home'), US)).toMatchObject({ state: 'ours' });
});

it('a link is not followed, but those on the way to it are', () => {
  const home = directory('real/home', 0o700);
  symlinkSync('real/home', join(dir, 'link'));
  expect(lookAtHome(join(dir, 'link'), US)).toEqual({ state: 'unsafe', reason: 'it is a symbolic link', repair: `LB_HOME=${home}`, isThere: true });
  symlinkSync('real', join(dir, 'way'));
  expect(lookAtHome(join(dir, 'way', 'home'), US)).toMatchObject({ state: 'ours' });
  symlinkSync('loop', join(dir, 'loop'));
  expect(lookAtHome(join(dir, 'loop', 'home'), US)).toMatchObject({ state: 'unusable' });
});

it("another user's is refused, and so is one that another user could replace", () => {
  const other: Who = { uid: uid + 1, groups: [] };
  const home = directory('home', 0o700);
  const repair = isRoot ? `sudo chown -R ${uid + 1} ${home}` : `sudo mv ${home} ${home}.of-${uid}`;
  if (isRoot) expect(lookAtHome(home, other)).toEqual({ state: 'unsafe', reason: `it belongs to user ${uid}, this is user ${uid + 1}`, repair, isThere: true });
  else expect(lookAtHome(home, other)).toMatchObject({ state: 'unsafe', reason: `${dir} belongs to user ${uid}` });
  expect(lookAtHome(dir, other)).toMatchObject({ state: 'unsafe', reason: `it belongs to user ${uid}, this is user ${uid + 1}` });
});

it("a volume of root's with a group of ours is a place for a home", { tags: ['root'] }, () => {
  const member: Who = { uid: 4_711, groups: [0] };
  const volume = directory('volume', 0o2770);
  expect(isGroupVolume(volume, member)).toBe(true);
  expect(isGroupVolume(volume, { ...member, groups: [4_711] })).toBe(false);
  expect(isGroupVolume(directory('closed', 0o750), member)).toBe(false);
  expect(isGroupVolume(directory('sticky', 0o1777), member)).toBe(true);
  expect(isGroupVolume(directory('open', 0o2777), member, true), 'and no mount').toBe(false);
  expect(isGroupVolume(join(dir, 'missing'), member)).toBe(false);
});

it('a mount of a container is one for root too, a directory of a machine is not', { tags: ['root'] }, () => {
  const root: Who = { uid: 0, groups: [0] };
  expect(isGroupVolume('/dev/shm', root, true)).toBe(true);
  expect(isGroupVolume('/dev/shm', root, false), 'on a machine').toBe(false);
  expect(isGroupVolume(directory('volume', 0o2770), root, true), 'and no mount').toBe(false);
});
