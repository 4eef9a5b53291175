import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LbError } from '../../../src/errors/lb-error.ts';
import { savedText } from '../../../src/daemon/saved-file.ts';
import { SAVED_VERSION, writeFor } from '../../../src/daemon/saved-version.ts';
import { Store } from '../../../src/daemon/store.ts';
import { Unwritten } from '../../../src/daemon/unwritten.ts';
import { UpgradeFile } from '../../../src/daemon/upgrade/upgrade-file.ts';
import { Upgrade } from '../../../src/daemon/upgrade/upgrade.ts';
import type { UpgradeState } from '../../../src/protocol/control.ts';
import { findProgram, type Program } from '../../../src/system/program.ts';
import { tempHome } from '../temp-home.ts';

const OLD = '0.1.0-aaaaaaaaaaaa';
const NEW = '0.2.0-bbbbbbbbbbbb';

/** Makes a build on disk. */
function build(directory: string, id: string, saved = 1): Program {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'program.json'), JSON.stringify({ id, version: id.split('-')[0], saved, files: [] }));
  const program = findProgram(directory);
  if (program === null) throw new Error('not a build');
  return program;
}

/** The upgrade of a home as a daemon of one build does it. */
function daemonOf(id: string, home: string, { left = [] as readonly string[], refusal = null as string | null } = {}) {
  const own = build(join(home, 'programs', id), id);
  const told: string[] = [];
  const begun: string[] = [];
  const successor = { active: false, error: null as Error | null };
  const unwritten = new Unwritten((problem) => told.push(problem));
  const file = new UpgradeFile(join(home, 'upgrade.json'), unwritten);
  const counts = { replaced: 0, saved: 0 };
  const primaries = { outdated: 0, programs: [id] as readonly string[] | null, left };
  const upgrade = new Upgrade({
    home,
    state: join(home, 'state.json'),
    own,
    refusal,
    file,
    succession: {
      get active() {
        return successor.active;
      },
      begin: (directory) => {
        if (successor.error !== null) throw successor.error;
        begun.push(directory);
      },
    },
    replacements: {
      running: false,
      outdated: () => Array.from<never>({ length: primaries.outdated }),
      programs: () => primaries.programs,
      replaceAll: (step) => {
        counts.replaced++;
        step('api: the primary is replaced');
        return Promise.resolve(primaries.left);
      },
    },
    event: (kind, message, ..._more) => void told.push(`${kind}: ${message}`),
    save: () => counts.saved++,
  });
  return { upgrade, file, told, begun, successor, counts, primaries };
}

const state = (changes: Partial<UpgradeState> = {}): UpgradeState => ({ from: OLD, to: NEW, stage: 'daemon', steps: [], problems: [], ...changes });
const writtenVersion = (): unknown => (JSON.parse(savedText({})) as { version: unknown }).version;
const refusalOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return LbError.from(error).message;
  }
  throw new Error('nothing was refused');
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  writeFor(null);
});

it('begins with the daemon: copies the new build and starts it', () => {
  const home = tempHome();
  const { upgrade, file, begun } = daemonOf(OLD, home);
  build(join(home, 'installed'), NEW);
  expect(upgrade.begin({ program: join(home, 'installed') })).toBe(true);
  expect(begun).toEqual([join(home, 'programs', NEW)]);
  expect(file.read()).toMatchObject({ from: OLD, to: NEW, stage: 'daemon', steps: ['replacing the daemon by lb 0.2.0'] });
  expect(findProgram(join(home, 'programs', NEW))?.installation).toBe(join(home, 'installed'));
});

it('goes on in the new daemon with the primaries, and is settled a minute later', async () => {
  const home = tempHome();
  writeFileSync(join(home, 'state.json'), '{"apps":[]}');
  build(join(home, 'programs', OLD), OLD);
  build(join(home, 'programs', '0.0.9-cccccccccccc'), '0.0.9-cccccccccccc');
  const { upgrade, file, told, counts } = daemonOf(NEW, home);
  file.write(state());
  upgrade.prepare();
  expect(readFileSync(join(home, `state.${OLD}.json`), 'utf8')).toBe('{"apps":[]}');
  upgrade.resume();
  await vi.advanceTimersByTimeAsync(59_000);
  expect([file.read()?.stage, counts]).toEqual(['settling', { replaced: 1, saved: 0 }]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([file.read()?.stage, counts.saved]).toEqual(['done', 1]);
  expect(told.slice(0, 3)).toEqual([
    `upgrade: the daemon is lb 0.2.0 (pid ${process.pid})`,
    'upgrade: api: the primary is replaced',
    'upgrade: everything runs lb 0.2.0',
  ]);
  // What `--back` needs stays; older builds go.
  expect(readdirSync(join(home, 'programs')).toSorted()).toEqual([OLD, NEW]);
  expect(existsSync(join(home, `state.${OLD}.json`))).toBe(true);
});

it('goes on if the state cannot be kept, and says so', () => {
  const home = tempHome();
  const { upgrade, file } = daemonOf(NEW, home);
  file.write(state());
  upgrade.prepare();
  expect(file.read()?.steps).toEqual([expect.stringMatching(/^the state of lb 0\.1\.0 is not kept: ENOENT/)]);
});

it('keeps the programs that a primary still runs', async () => {
  const home = tempHome();
  const third = '0.0.9-cccccccccccc';
  build(join(home, 'programs', third), third);
  const { upgrade, primaries } = daemonOf(NEW, home);
  primaries.programs = [third];
  upgrade.resume();
  await vi.advanceTimersByTimeAsync(61_000);
  expect(readdirSync(join(home, 'programs')).toSorted()).toEqual([third, NEW]);
});

it('writes files that the build before can read until it has settled', async () => {
  const home = tempHome();
  build(join(home, 'programs', OLD), OLD, 1);
  const { upgrade, file } = daemonOf(NEW, home);
  file.write(state({ stage: 'primaries' }));
  upgrade.prepare();
  expect(writtenVersion()).toBe(1);
  upgrade.resume();
  await vi.advanceTimersByTimeAsync(61_000);
  expect(writtenVersion()).toBe(SAVED_VERSION);
});

it('does not settle while an app was left out, says which, and tries again when asked', async () => {
  const home = tempHome();
  const { upgrade, file, told, primaries, counts } = daemonOf(NEW, home, { left: ['api: a reload is running'] });
  file.write(state());
  upgrade.resume();
  await vi.advanceTimersByTimeAsync(61_000);
  expect(file.read()).toMatchObject({ stage: 'settling', problems: ['api: a reload is running'] });
  expect(told).toContain('upgrade-failed: not replaced: api: a reload is running');
  Object.assign(primaries, { left: [], outdated: 1 });
  expect(upgrade.begin({})).toBe(true);
  primaries.outdated = 0;
  await vi.advanceTimersByTimeAsync(61_000);
  expect([file.read()?.stage, counts.replaced]).toEqual(['done', 2]);
});

it('has nothing to do where everything runs what is installed', () => {
  const { upgrade, begun } = daemonOf(NEW, tempHome());
  expect([upgrade.begin({}), begun]).toEqual([false, []]);
});

it('returns with --back to the build before, and once more to the newer one', () => {
  const home = tempHome();
  build(join(home, 'programs', OLD), OLD);
  const { upgrade, file, begun } = daemonOf(NEW, home);
  expect(refusalOf(() => upgrade.begin({ back: true }))).toContain('there was no upgrade to go back from');
  file.write(state({ stage: 'done' }));
  expect(upgrade.begin({ back: true })).toBe(true);
  expect(begun).toEqual([join(home, 'programs', OLD)]);
  expect(file.read()).toMatchObject({ from: NEW, to: OLD });
  const old = daemonOf(OLD, home);
  old.upgrade.begin({ back: true });
  expect(old.begun).toEqual([join(home, 'programs', NEW)]);
});

it.each([
  ['in lb run', { refusal: 'the apps of "lb run" are upgraded with its container' }, {}, 'upgraded with its container'],
  ['to a folder without lb', {}, { program: '/nowhere' }, '/nowhere has no program of lb'],
])('is refused %s', (_, options, body, reason) => {
  const { upgrade, file } = daemonOf(NEW, tempHome(), options);
  expect(refusalOf(() => upgrade.begin(body))).toContain(reason);
  expect(file.read()).toBeNull();
});

it('is refused while another one is under way', () => {
  const { upgrade, successor } = daemonOf(NEW, tempHome());
  successor.active = true;
  expect(refusalOf(() => upgrade.begin({}, true))).toContain('another upgrade is under way');
});

it('fails, and is told of, when the new daemon cannot be started', () => {
  const { upgrade, file, told, successor } = daemonOf(OLD, tempHome());
  successor.error = new Error('no memory');
  upgrade.begin({}, true);
  expect(file.read()).toMatchObject({ stage: 'failed', problems: ['no memory'] });
  expect(told.at(-1)).toBe('upgrade-failed: the upgrade to lb 0.1.0 failed: no memory');
});

it.each([
  ['the one that watched it says so', { stage: 'failed' as const, problems: ['the new daemon ended with exit code 7'] }, 'exit code 7'],
  ['both have ended', {}, 'the new daemon ended'],
])('is told of once by the build that comes back: %s', (_, changes, reason) => {
  const home = tempHome();
  const { upgrade, file, told } = daemonOf(OLD, home);
  file.write(state(changes));
  upgrade.resume();
  expect(told).toEqual([expect.stringMatching(new RegExp(`^upgrade-failed: the upgrade to lb 0.2.0 failed: .*${reason}`))]);
  expect(file.read()?.stage).toBe('failed');
  const next = daemonOf(OLD, home);
  next.upgrade.resume();
  expect(next.told).toEqual([]);
});

it('finds its own last state when a newer build has written the present one', () => {
  const home = tempHome();
  const path = join(home, 'state.json');
  const newer = JSON.stringify({ version: 99, apps: [] });
  writeFileSync(join(home, `state.${OLD}.json`), savedText({ apps: [] }));
  writeFileSync(path, newer);
  const problems: string[] = [];
  const store = new Store(path, new Unwritten((problem) => problems.push(problem)), OLD);
  expect(store.load()).toEqual([]);
  expect(readFileSync(path, 'utf8')).toBe(readFileSync(join(home, `state.${OLD}.json`), 'utf8'));
  expect(problems.join()).toContain('was written by a newer version');
  expect(readdirSync(home).map((name) => (name.startsWith('state.json.') ? readFileSync(join(home, name), 'utf8') : ''))).toContain(newer);
});
