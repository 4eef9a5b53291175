import http from 'node:http';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import { getJson } from '../helpers/http.ts';
import { attachDebugger } from '../helpers/inspector.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const APP = 'hang-on-request.cjs';
const HANG_TIMEOUT = ['--hang-timeout', '3s'];
/** A worker that told of nothing going on has four seconds more. */
const LONGEST_UNNOTICED_MS = 3_000 + 4_000;

/** One worker does what the path says; its pid. */
const make = async (port: number, path: string): Promise<number> => (await getJson(port, path)).pid;

const hungExits = ({ lastExits }: AppSnapshot): unknown[] => lastExits.filter(({ stopReason }) => stopReason === 'hung');

const waitForReplaced = (name: string, ...hung: number[]): Promise<AppSnapshot> =>
  sandbox.waitForApp(
    name,
    `have replaced ${hung.join(' and ')}`,
    (now) => now.ready === now.instances && now.workers.length === now.instances && !now.workers.some(({ pid }) => hung.includes(pid)),
  );

it('S14: a worker in an endless loop is found, named and replaced; what it had not taken is served by the others', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start(APP, { instances: 3, flags: HANG_TIMEOUT });
  const before = await sandbox.workerPids(name);
  const load = startLoad({ port, mode: 'connection-per-request', clients: 2 });
  await load.waitForServed(50);
  const hung = await make(port, '/hang?in=loop');
  const after = await waitForReplaced(name, hung);
  const rest = before.filter((pid) => pid !== hung);
  expect(after.workers.map(({ pid }) => pid)).toEqual(expect.arrayContaining(rest));
  await load.waitForServed(50);
  expectLossless(await load.stop(), 'S14');

  const [exit] = after.lastExits;
  const cause = exit?.cause ?? '';
  expect(exit).toMatchObject({ pid: hung, signal: 'SIGKILL', stopReason: 'hung' });
  expect(cause).toMatch(/^hung for [34] s in `spin` \(.*hang-on-request\.cjs:9\)$/);
  expect(exit?.stack.join('\n')).toContain('spin');
  expect((await sandbox.ok('show', name)).stdout).toContain(cause);
});

it('S14: a stopped worker is told from one in native code; each has its replacement before it is gone', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start(APP, { instances: 3, flags: HANG_TIMEOUT, env: { FIFO: join(sandbox.directory, 'fifo') } });
  const native = await make(port, '/hang?in=native');
  const stopped = (await sandbox.workerPids(name)).find((pid) => pid !== native) ?? 0;
  process.kill(stopped, 'SIGSTOP');
  const load = startLoad({ port, mode: 'connection-per-request' });

  // The stack of the one in native code is waited for, its replacement is not.
  await sandbox.waitForApp(name, 'have a new worker beside the hung one', ({ workers }) => {
    const old = workers.find(({ pid }) => pid === native);
    return workers.some(({ pid, slot, state }) => pid !== native && slot === old?.slot && state === 'ready');
  });
  const { lastExits } = await waitForReplaced(name, stopped, native);
  await load.waitForServed(50);
  expectLossless(await load.stop(), 'S14, stopped');
  const causes = Object.fromEntries(lastExits.map(({ pid, cause }) => [pid, cause]));
  expect(causes).toEqual({
    [stopped]: expect.stringMatching(/^hung for \d s \(the process is stopped, for example by SIGSTOP\)$/) as string,
    [native]: expect.stringMatching(/^hung for \d s \(in native code, or starved of CPU\)$/) as string,
  });
});

/** Somebody debugs the worker until the test ends. */
async function debug(name: string, port: number): Promise<void> {
  const [pid = 0] = await sandbox.workerPids(name);
  const printed = (): string | undefined => /ws:\/\/\S+/.exec(sandbox.logFiles().get(`${name}-error.log`)?.toString() ?? '')?.[0];
  const socket = await attachDebugger(pid, () => sandbox.waitFor('the address of the inspector in the log', printed));
  onTestFinished(() => socket.terminate());
  // A request that came in after it has been heard of, so the inspector has.
  const held = http.get({ port, path: '/hold', agent: false }).on('error', () => {});
  await sandbox.waitForApp(name, 'know of the request', ({ workers }) => workers[0]?.requestsInFlight === 1);
  held.destroy();
}

it('who boots long, is idle, debugged, or not watched, is not hung', async () => {
  const blocked = `/block?ms=${LONGEST_UNNOTICED_MS + 1_000}`;
  const [idle, debugged, unwatched] = await Promise.all([
    sandbox.start('plain-http.cjs', { instances: 1, flags: HANG_TIMEOUT }),
    sandbox.start(APP, { instances: 1, flags: HANG_TIMEOUT }),
    sandbox.start(APP, { instances: 1, flags: ['--hang-timeout', 'false'] }),
  ]);
  const others = [idle, debugged, unwatched];
  const before = await Promise.all(others.map(({ name }) => sandbox.workerPids(name)));
  await debug(debugged.name, debugged.port);
  await Promise.all([make(debugged.port, blocked), make(unwatched.port, blocked)]);
  const booting = await sandbox.start(APP, { instances: 1, flags: HANG_TIMEOUT, env: { BOOT_BLOCK_MS: '4000' } });
  // Answered when they are blocked no more.
  expect(await Promise.all(others.map(({ port }) => make(port, '/')))).toEqual(before.flat());
  expect((await sandbox.snapshot(idle.name)).uptimeMs).toBeGreaterThan(LONGEST_UNNOTICED_MS);
  expect(await sandbox.workerPids(booting.name)).toEqual([await make(booting.port, '/')]);
  expect((await sandbox.apps()).flatMap(hungExits)).toEqual([]);
});
