import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { HomeClaim } from '../../src/daemon/home-claim.ts';
import { acquireLock } from '../../src/system/lock.ts';
import { ensureHome } from '../../src/system/ensure-home.ts';
import { homePaths, type HomePaths } from '../../src/system/paths.ts';
import { Unwritten } from '../../src/daemon/unwritten.ts';
import { tempHome } from './temp-home.ts';

interface Claimed {
  readonly claim: HomeClaim;
  readonly paths: HomePaths;
  readonly told: { readonly restored: ReturnType<typeof vi.fn>; readonly failed: ReturnType<typeof vi.fn>; readonly lost: ReturnType<typeof vi.fn> };
}

async function claimed(): Promise<Claimed> {
  const paths = homePaths(tempHome());
  const told = { restored: vi.fn(), failed: vi.fn(), lost: vi.fn() };
  const listen = (path: string): Promise<() => void> =>
    new Promise((resolve) => {
      const server = createServer((socket) => socket.end());
      server.listen(path, () => resolve(() => server.close()));
    });
  const sockets = (['attach', 'socket'] as const).map((name) => ({ name, listen }));
  const claim = new HomeClaim({ paths, role: 'background', log: () => {}, sockets, reports: new Unwritten(() => {}), ...told });
  await claim.take();
  await claim.listen();
  onTestFinished(() => claim.release());
  return { claim, paths, told };
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });

it('has nothing to say while all is in place', async () => {
  const { claim, told } = await claimed();
  await claim.check();
  expect([told.restored.mock.calls, told.failed.mock.calls, told.lost.mock.calls]).toEqual([[], [], []]);
});

it('opens a socket that was deleted anew, and writes the pid file again', async () => {
  const { claim, paths, told } = await claimed();
  for (const path of [paths.socket, paths.attach, paths.daemonPid]) rmSync(path);
  await claim.check();
  expect(await Promise.all([paths.socket, paths.attach].map(answers))).toEqual([true, true]);
  expect(JSON.parse(readFileSync(paths.daemonPid, 'utf8'))).toMatchObject({ pid: process.pid });
  expect(told.restored).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(`${paths.attach} and ${paths.socket} was gone`));
});

it('does not touch a file in place of the socket, reports it once, and goes on trying', async () => {
  const { claim, paths, told } = await claimed();
  rmSync(paths.socket);
  writeFileSync(paths.socket, 'precious');
  await claim.check();
  await claim.check();
  expect(readFileSync(paths.socket, 'utf8')).toBe('precious');
  expect(told.failed).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('exists and is not a socket'));
  rmSync(paths.socket);
  await claim.check();
  expect(await answers(paths.socket)).toBe(true);
});

it('makes a home that was deleted anew, and holds its lock again', async () => {
  const { claim, paths, told } = await claimed();
  rmSync(paths.home, { recursive: true });
  await claim.check();
  expect([await answers(paths.socket), existsSync(paths.primaries)]).toEqual([true, true]);
  expect(await acquireLock(paths.home)).toBeNull();
  expect(told.restored).toHaveBeenCalledTimes(1);
});

it('leaves a home that was deleted to another daemon that has claimed the new one', async () => {
  const { claim, paths, told } = await claimed();
  const kept = `${paths.home}-kept`;
  // The old folder stays somewhere, so that the new one is another for sure.
  renameSync(paths.home, kept);
  onTestFinished(() => rmSync(kept, { recursive: true, force: true }));
  ensureHome(paths);
  const other = await acquireLock(paths.home);
  expect(other).not.toBeNull();
  await claim.check();
  expect(told.lost).toHaveBeenCalledTimes(1);
  expect(existsSync(paths.socket)).toBe(false);
  other?.release();
});
