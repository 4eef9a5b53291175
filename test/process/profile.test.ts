import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startLoad, type Load } from '../helpers/load.ts';
import { killProcess, processInfo } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

interface CpuProfile {
  readonly nodes: readonly { readonly callFrame: { readonly functionName: string } }[];
  readonly samples: readonly number[];
}
interface HeapNode {
  readonly callFrame: { readonly functionName: string };
  readonly children: readonly HeapNode[];
}
interface HeapSnapshot {
  readonly snapshot: { readonly node_count: number };
  readonly strings: readonly string[];
}

const read = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;
const functionsOf = (node: HeapNode): string[] => [node.callFrame.functionName, ...node.children.flatMap(functionsOf)];
const fileOf = (stdout: string): string => stdout.trim();

async function loaded(instances = 2): Promise<{ name: string; port: number; load: Load }> {
  const { name, port } = await sandbox.start('profiled.cjs', { instances, flags: ['--hang-timeout', '3s'] });
  const load = startLoad({ port, mode: 'connection-per-request', clients: 4 });
  await load.waitForServed(20);
  return { name, port, load };
}

describe('lb profile', () => {
  it('takes CPU, heap sampling, heap and report of an app under load, and costs it no request', async () => {
    const { name, load } = await loaded();
    const cpu = await sandbox.ok('profile', name, '--cpu', '1s');
    const profile = read<CpuProfile>(fileOf(cpu.stdout));
    expect(profile.nodes.map(({ callFrame }) => callFrame.functionName)).toContain('computeForTheAnswer');
    expect(profile.samples.length).toBeGreaterThan(100);
    expect(cpu.stderr).toContain("open it in Chrome's DevTools");
    expect(fileOf(cpu.stdout)).toMatch(/^.*\/home\/profiles\/.*\.cpuprofile$/);

    const sampling = await sandbox.ok('profile', `${name}:1`, '--heap-sampling', '1s');
    expect(functionsOf(read<{ head: HeapNode }>(fileOf(sampling.stdout)).head)).toContain('allocateForTheAnswer');

    const heap = await sandbox.ok('profile', `${name}:0`, '--heap');
    const snapshot = read<HeapSnapshot>(fileOf(heap.stdout));
    expect(snapshot.strings).toContain('KeptByTheApp');
    expect(snapshot.snapshot.node_count).toBeGreaterThan(20_000);
    expect(heap.stderr).toMatch(/taken out of rotation[^]*heap snapshot started[^]*back in rotation/);

    const report = await sandbox.ok('report', name, '--output', 'report.json');
    expect(fileOf(report.stdout)).toBe(join(sandbox.directory, 'report.json'));
    expect((await sandbox.ok('events', name, '--lines', '1')).stdout).toContain(`: ${fileOf(report.stdout)} (pid`);
    expect(read<{ header: { processId: number } }>(fileOf(report.stdout)).header.processId).toSatisfy((pid: number) => processInfo(pid) !== null);

    for (const file of [cpu, sampling, heap, report].map(({ stdout }) => fileOf(stdout))) expect(statSync(file).mode & 0o777, file).toBe(0o600);
    expectLossless(await load.stop());
    const { workers, restarts } = await sandbox.snapshot(name);
    expect([restarts, workers.map(({ state, weight }) => [state, weight])]).toEqual([
      0,
      [
        ['ready', 1],
        ['ready', 1],
      ],
    ]);
  });

  it('of a heap: the other worker takes all connections meanwhile, also those that clients keep, and then both again', async () => {
    const { name, port, load } = await loaded();
    const kept = startLoad({ port, mode: 'keep-alive', clients: 4 });
    await kept.waitForServed(20);
    const [profiled = 0, other = 0] = (await sandbox.snapshot(name)).workers.map(({ pid }) => pid);
    const served = (of: Load, pid: number): number => of.tally().pids[pid] ?? 0;
    const profile = sandbox.lbBackground('profile', `${name}:0`, '--heap');
    await sandbox.waitFor('it to leave', () => profile.stderr.includes('taken out of rotation'));
    const atLeave = [served(load, profiled), served(load, other)] as const;
    await sandbox.waitFor('the snapshot to begin', () => profile.stderr.includes('heap snapshot started'));
    const keptAtBegin = served(kept, profiled);
    expect((await sandbox.snapshot(name)).workers.map(({ slot, connections }) => [slot, connections])).toContainEqual([0, 0]);
    await sandbox.waitFor('the end', () => profile.stderr.includes('back in rotation'));
    const gained = [served(load, profiled) - atLeave[0], served(load, other) - atLeave[1]] as const;
    // One per client may have been on its way.
    expect(gained[0]).toBeLessThanOrEqual(8);
    expect(gained[1]).toBeGreaterThan(gained[0]);
    expect(served(kept, profiled) - keptAtBegin).toBe(0);
    for (const of of [load, kept]) {
      const atEnd = served(of, profiled);
      await sandbox.waitFor('it to serve again', () => served(of, profiled) > atEnd + 8);
    }
    for (const of of [load, kept]) expectLossless(await of.stop());
    expect((await profile.ended).code).toBe(0);
  });

  it('goes on after Ctrl-C', async () => {
    const { name, load } = await loaded(1);
    const profile = sandbox.lbBackground('profile', name, '--cpu', '1500ms');
    await sandbox.waitFor('its beginning', () => profile.stderr.includes('started'));
    profile.kill('SIGINT');
    expect((await profile.ended).code).toBe(130);
    expect(profile.stderr).toContain(`the CPU profile of "${name}" continues in the background; the file will be in`);
    const files = await sandbox.waitFor('the file', () => {
      const found = readdirSync(join(sandbox.home, 'profiles')).filter((file) => file.startsWith(`${name}-`) && file.endsWith('.cpuprofile'));
      return found.length > 0 && found;
    });
    expect(read<CpuProfile>(join(sandbox.home, 'profiles', files[0] ?? '')).samples.length).toBeGreaterThan(0);
    expectLossless(await load.stop());
  });

  it('says why there is none', async () => {
    const { name } = await sandbox.start('profiled.cjs', { instances: 1 });
    const first = sandbox.lbBackground('profile', name, '--cpu', '1m');
    await sandbox.waitFor('its beginning', () => first.stderr.includes('started'));
    expect(await sandbox.lb('profile', name, '--heap')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('a CPU profile of worker 0 is already running'),
    });
    expect(await sandbox.lb('profile', `${name}:3`, '--heap')).toMatchObject({ code: 3, stderr: expect.stringContaining('no slot 3') });
    expect(await sandbox.lb('profile', name, '--cpu', '1s', '--heap')).toMatchObject({ code: 2 });
    expect(await sandbox.lb('profile', name, '--heap', '--output', '/nonexistent/x')).toMatchObject({ code: 2 });
    const [pid = 0] = await sandbox.workerPids(name);
    const found = processInfo(pid);
    if (found !== null) killProcess(found, 'SIGKILL');
    const { code, stderr } = await first.ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('the worker exited')]);
    expect(existsSync(join(sandbox.home, 'profiles')) ? readdirSync(join(sandbox.home, 'profiles')).filter((file) => file.startsWith(`${name}-`)) : []).toEqual(
      [],
    );
    await sandbox.ok('stop', name);
    expect(await sandbox.lb('report', name)).toMatchObject({ code: 1, stderr: expect.stringContaining('is stopped') });
  });
});
