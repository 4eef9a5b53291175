import { beforeEach, expect, it, vi } from 'vitest';
import { Predecessor } from '../../src/daemon/predecessor.ts';
import type { LeftCommand } from '../../src/protocol/left-commands.ts';

const PRIMARY = 7;

/** What the dead primary left, and how it ends. */
const left = vi.hoisted(() => ({ orphans: true, limits: [] as unknown[], ended: new Map<string, () => void>() }));
const later = (key: string): Promise<void> => new Promise((resolve) => left.ended.set(key, resolve));
vi.mock('../../src/daemon/orphaned-session.ts', () => ({
  orphansNow: () => (left.orphans ? [{ pid: 8, startTime: 1 }] : []),
  isOrphaned: () => false,
  OrphanedSession: class {
    readonly ended = later('all');
    constructor(_: number, apps: readonly { readonly name: string; readonly killTimeoutMs: number }[]) {
      left.limits = apps.map(({ name, killTimeoutMs }) => [name, killTimeoutMs]);
    }
    endedOf = (app: string): Promise<void> => later(app);
  },
}));
vi.mock('../../src/daemon/left-commands.ts', () => ({
  commandsEnded: (commands: readonly LeftCommand[]) => new Map(commands.map((command) => [command, later(`command of ${command.app}`)])),
}));

let commands: LeftCommand[];
let forgotten: number[];
let gone: number;
let predecessor: Predecessor;
beforeEach(() => {
  Object.assign(left, { orphans: true, limits: [] });
  left.ended.clear();
  [commands, forgotten, gone] = [[], [], 0];
  predecessor = new Predecessor({ log: () => {}, commands: { of: () => commands, forget: (pid) => forgotten.push(pid) }, gone: () => void gone++ });
});

const app = (name: string, changes: object = {}) => ({ name, wanted: true, stopFirst: true, killTimeoutMs: 5_000, ...changes });
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const end = async (what: string): Promise<void> => {
  left.ended.get(what)?.();
  await turn();
};

it('an app that is replaced stop-first waits for what is left of it, and for nothing else', async () => {
  predecessor.leaves(PRIMARY, [app('bot'), app('udp', { killTimeoutMs: 9_000 }), app('api', { stopFirst: false })]);
  const waiting = (): readonly boolean[] => ['bot', 'udp', 'api'].map((name) => predecessor.goneFor(name) !== null);
  expect([waiting(), left.limits]).toEqual([
    [true, true, false],
    [
      ['bot', 5_000],
      ['udp', 9_000],
      ['api', 5_000],
    ],
  ]);
  await end('bot');
  expect(waiting()).toEqual([false, true, false]);
  await end('udp');
  expect([waiting(), predecessor.pids, gone]).toEqual([[false, false, false], [PRIMARY], 0]);
  await end('all');
  expect([predecessor.pids, gone]).toEqual([[], 1]);
});

it('a command waits for the one before, which its file names until it has ended', async () => {
  commands = [{ app: 'job', pid: 9, startTime: 1, killSignal: 'SIGTERM', killTimeoutMs: 1 }];
  left.orphans = false;
  predecessor.leaves(PRIMARY, [app('job')]);
  expect([predecessor.goneFor('job') === null, forgotten]).toEqual([false, []]);
  await end('command of job');
  expect([predecessor.goneFor('job'), forgotten, predecessor.pids]).toEqual([null, [PRIMARY], []]);
});

it('an app waits for what each of several dead primaries left', async () => {
  predecessor.leaves(PRIMARY, [app('bot')]);
  const first = left.ended.get('bot');
  predecessor.leaves(PRIMARY + 1, [app('bot')]);
  await end('bot');
  expect(predecessor.goneFor('bot')).not.toBeNull();
  first?.();
  await turn();
  expect(predecessor.goneFor('bot')).toBeNull();
});

it.each([
  ['nothing is left', { orphans: false }, app('bot'), false],
  ['the app is replaced start-first', {}, app('bot', { stopFirst: false }), false],
  ['the app is being stopped', {}, app('bot', { wanted: false }), false],
  ['a file names a session without a worker', {}, app('bot'), true],
])('does not wait if %s', (_, changes, one, recorded) => {
  Object.assign(left, changes);
  predecessor.leaves(PRIMARY, [one], recorded);
  expect(predecessor.goneFor('bot')).toBeNull();
});
