import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { writeFor } from '../../src/daemon/saved-version.ts';
import { Store, type SavedApp } from '../../src/daemon/store.ts';
import { Unwritten } from '../../src/daemon/unwritten.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { tempHome } from './temp-home.ts';

const saved = (name: string, changes: Partial<SavedApp> = {}): SavedApp => ({
  spec: sampleSpec({ name }),
  desired: 'running',
  generation: 3,
  error: null,
  resting: false,
  footprint: { listened: true, ownSockets: [] },
  ids: [0, 1],
  primary: name,
  ...changes,
});

function storeIn(home: string): { store: Store; path: string; problems: string[]; unwritten: Unwritten } {
  const path = join(home, 'state.json');
  const problems: string[] = [];
  const unwritten = new Unwritten((problem) => problems.push(problem));
  return { store: new Store(path, unwritten), path, problems, unwritten };
}

describe('Store', () => {
  it('gives back what was saved, in a file that nobody else can read', async () => {
    const { store, path, problems } = storeIn(tempHome());
    const apps = [saved('api'), saved('mail', { desired: 'errored', error: 'it gave up' }), saved('docs', { desired: 'stopped', generation: 1 })];
    await store.save(apps);
    expect(store.load()).toEqual(apps);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(problems).toEqual([]);
  });

  it('has no apps before the first save, and says nothing about it', () => {
    const { store, problems } = storeIn(tempHome());
    expect([store.load(), problems]).toEqual([[], []]);
  });

  it('saves in the order in which it was asked, whatever is still being written', async () => {
    const { store } = storeIn(tempHome());
    const rounds = Array.from({ length: 20 }, (_, n) => store.save([saved('api', { generation: n })]));
    await Promise.all(rounds);
    expect(store.load()).toMatchObject([{ generation: 19 }]);
  });

  it.each([
    ['half a file', '{"version":1,"apps":[{"spec"'],
    ['an empty file', ''],
    ['another format', '[]'],
    ['null', 'null'],
  ])('sets %s aside and begins with no apps', (_, text) => {
    const home = tempHome();
    const { store, path, problems } = storeIn(home);
    writeFileSync(path, text);
    expect(store.load()).toEqual([]);
    expect(existsSync(path)).toBe(false);
    const [aside] = readdirSync(home);
    expect(readFileSync(join(home, aside ?? ''), 'utf8')).toBe(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`kept as ${join(home, aside ?? '')}`);
  });

  it.each([
    ['that is not an object', null],
    ['with an unknown state', { ...saved('api'), desired: 'dreaming' }],
    ['with a broken definition', { ...saved('api'), spec: { ...sampleSpec(), cwd: 'relative' } }],
  ])('an app %s does not take the others with it; a copy of the file is kept', (_, broken) => {
    const home = tempHome();
    const { store, path, problems } = storeIn(home);
    const text = JSON.stringify({ apps: [broken, saved('mail')] });
    writeFileSync(path, text);
    expect(store.load()).toEqual([saved('mail')]);
    const aside = readdirSync(home).find((name) => name !== 'state.json') ?? '';
    expect(readFileSync(join(home, aside), 'utf8')).toBe(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^.*: 1 of 2 apps cannot be read \(apps\[0\]: /);
  });

  it('tells of saves that fail once, keeps what they had, and writes it as soon as that is possible', async () => {
    const home = tempHome();
    const { store, path, problems, unwritten } = storeIn(join(home, 'missing'));
    await store.save([saved('api')]);
    await store.save([saved('api'), saved('mail')]);
    const failed = `${path} cannot be written (ENOENT: no such file or directory); if the machine restarts before it can, apps come back as they were saved last`;
    expect([problems, unwritten.messages]).toEqual([[failed], [failed]]);
    mkdirSync(join(home, 'missing'));
    unwritten.tryAgain();
    await vi.waitFor(() => expect(unwritten.any).toBe(false));
    expect(store.load()).toEqual([saved('api'), saved('mail')]);
    expect([problems.slice(1), unwritten.messages]).toEqual([[`${path} can be written again`], []]);
  });
});

it('gives an app that was saved before an option existed its default', () => {
  const { balance: _, health: _health, onEvent: _onEvent, ...older } = sampleSpec();
  const { store, path, problems } = storeIn(tempHome());
  writeFileSync(path, JSON.stringify({ version: 1, apps: [{ spec: older, desired: 'running', generation: 3, error: null }] }));
  const [app] = store.load();
  expect(problems).toEqual([]);
  expect(app?.spec).toMatchObject({ name: 'api', balance: 'auto', health: null });
});

it.each([
  ['an app of another user, which an older lb would run as its own user', { uid: 1001, gid: 1001, name: 'mail', home: '/home/mail' }, 2],
  ['apps of its own user', null, 1],
])('right after an upgrade, files can be read by the version before, but not with %s', async (_, user, version) => {
  onTestFinished(() => writeFor(null));
  writeFor(1);
  const { store, path } = storeIn(tempHome());
  const apps = [saved('api'), saved('mail', { spec: sampleSpec({ name: 'mail', user }) })];
  await store.save(apps);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ version });
  expect(store.load()).toEqual(apps);
});
