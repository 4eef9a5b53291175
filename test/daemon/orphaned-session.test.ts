import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { isOrphaned, OrphanedSession, orphansOf } from '../../src/daemon/orphaned-session.ts';
import { WORKER_SETTINGS_VAR } from '../../src/protocol/worker.ts';
import { descendantsOf, sessionOf } from '../../src/system/processes.ts';
import { isAlive } from '../helpers/processes.ts';

/** A process in a session of its own that spawns others, tells their pids, and is killed: what they are is in the words. */
async function deadPrimary(
  ...kinds: readonly ('worker' | 'stubborn' | 'leftover' | 'parent')[]
): Promise<{ readonly session: number; readonly pids: readonly number[] }> {
  const program = `
    const { spawn } = require('node:child_process');
    const { env, execPath } = process;
    const waits = 'setTimeout(() => {}, 20000); console.log("up")';
    const code = (kind) => ({ stubborn: 'process.on("SIGTERM", () => {});', parent: 'delete process.env.${WORKER_SETTINGS_VAR}; require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 20000)"]);' }[kind] ?? '') + waits;
    const settings = (kind) => (kind === 'leftover' ? {} : { ${WORKER_SETTINGS_VAR}: JSON.stringify({ app: { stubborn: 'slow', parent: 'tree' }[kind] ?? 'api' }) });
    const children = ${JSON.stringify(kinds)}.map((kind) => spawn(execPath, ['-e', code(kind)], { env: { ...env, ...settings(kind) }, stdio: ['ignore', 'pipe', 'ignore'] }));
    Promise.all(children.map((child) => new Promise((up) => child.stdout.once('data', up)))).then(() => console.log(JSON.stringify(children.map(({ pid }) => pid))));
  `;
  const primary: ChildProcess = spawn(process.execPath, ['-e', program], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(primary.stdout ?? primary, 'data')) as [Buffer];
  const pids = JSON.parse(line.toString()) as number[];
  onTestFinished(() => {
    for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
  });
  primary.kill('SIGKILL');
  await once(primary, 'exit');
  return { session: primary.pid ?? 0, pids };
}

it('finds what a dead primary left behind, and whether it was a primary at all', async () => {
  const { session, pids } = await deadPrimary('worker', 'leftover');
  expect(orphansOf(session).map(({ pid }) => pid)).toEqual([...pids].sort((a, b) => a - b));
  expect(isOrphaned(session)).toBe(true);
  const other = await deadPrimary('leftover');
  expect([orphansOf(other.session).length, isOrphaned(other.session)]).toEqual([1, false]);
});

it('takes nothing of a session whose leader lives, nor of its own or of the system', async () => {
  const leader = spawn(process.execPath, ['-e', 'console.log("up"); setTimeout(() => {}, 20000)'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void leader.kill('SIGKILL'));
  await once(leader.stdout, 'data');
  expect([leader.pid ?? 0, sessionOf(process.pid) ?? 0, 0, 1].map((session) => orphansOf(session))).toEqual([[], [], [], []]);
});

it('kills workers that are still there after kill_timeout', async () => {
  const { session, pids } = await deadPrimary('worker', 'stubborn');
  const beganAt = performance.now();
  await new OrphanedSession(session, [
    { name: 'api', killTimeoutMs: 100 },
    { name: 'slow', killTimeoutMs: 400 },
  ]).ended;
  expect(pids.filter(isAlive)).toEqual([]);
  expect(performance.now() - beganAt).toBeGreaterThan(350);
});

it('does not kill a worker that ends by itself, and waits for it', async () => {
  const { session, pids } = await deadPrimary('worker');
  setTimeout(() => process.kill(pids[0] ?? 0, 'SIGTERM'), 300);
  const beganAt = performance.now();
  await new OrphanedSession(session, [{ name: 'api', killTimeoutMs: 30_000 }]).ended;
  expect(pids.filter(isAlive)).toEqual([]);
  expect(performance.now() - beganAt).toBeLessThan(5_000);
});

it('asks what a worker left behind with SIGTERM', async () => {
  const { session, pids } = await deadPrimary('leftover');
  await new OrphanedSession(session, [{ name: 'api', killTimeoutMs: 30_000 }]).ended;
  expect(pids.filter(isAlive)).toEqual([]);
});

it('tells of each app when nothing of it is left, also not what its worker started', async () => {
  const { session, pids } = await deadPrimary('worker', 'stubborn', 'parent');
  const [api = 0, slow = 0, parent = 0] = pids;
  const ended: string[] = [];
  const orphaned = new OrphanedSession(session, [
    { name: 'api', killTimeoutMs: 30_000 },
    { name: 'slow', killTimeoutMs: 30_000 },
    { name: 'tree', killTimeoutMs: 30_000 },
  ]);
  const told = ['api', 'slow', 'tree', 'other'].map((app) => orphaned.endedOf(app).then(() => ended.push(app)));
  await told[3];
  expect(ended).toEqual(['other']);
  process.kill(api, 'SIGKILL');
  await told[0];
  expect(ended).toEqual(['other', 'api']);
  const [child] = descendantsOf(parent);
  process.kill(parent, 'SIGKILL');
  await told[2];
  // The last of it was asked to end.
  expect([ended, isAlive(child?.pid ?? 0)]).toEqual([['other', 'api', 'tree'], false]);
  process.kill(slow, 'SIGKILL');
  await orphaned.ended;
});
