import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { descendantsOf, isAlive, killTree, parseStat, processState, sendSignal, startTimeOf } from '../../src/system/processes.ts';
import { endChildren, startNode } from './children.ts';

afterEach(endChildren);

const IDLE = 'console.log(process.pid); setInterval(() => {}, 1e6)';
/** Prints its grandchild's pid as soon as that one runs. */
const FAMILY = `
  const { spawn } = require('node:child_process');
  const inner = ${JSON.stringify(`
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(IDLE)}], { stdio: ['ignore', 'inherit', 'inherit'] });
    setInterval(() => {}, 1e6);
  `)};
  spawn(process.execPath, ['-e', inner], { stdio: ['ignore', 'inherit', 'inherit'] });
  setInterval(() => {}, 1e6);
`;
const NO_PROCESS = 2 ** 22 + 1;

describe.runIf(process.platform === 'linux')('processes', () => {
  it('reads a stat whose name has blanks and parentheses', () => {
    const rest = '1 7 7 0 -1 4194560 1 0 0 0 3 2 0 0 20 0 1 0 123456 9 1';
    expect(parseStat(`42 (a) R (b c)) S ${rest}`)).toEqual({ pid: 42, state: 'S', ppid: 1, session: 7, startTime: 123456, cpuMs: 50, childrenCpuMs: 0 });
    expect(parseStat('')).toBeNull();
    expect(parseStat('42 (x) S 1')).toBeNull();
  });

  it('tells a process from a later one with the same pid', () => {
    const startTime = startTimeOf(process.pid);
    expect(startTime).toBeGreaterThan(0);
    expect(startTimeOf(process.pid)).toBe(startTime);
    expect(isAlive(process.pid, startTime)).toBe(true);
    expect(isAlive(process.pid, null)).toBe(true);
    expect(isAlive(process.pid, (startTime ?? 0) + 1)).toBe(false);
    expect(isAlive(1)).toBe(true);
  });

  it('knows nothing of what does not exist', () => {
    expect(startTimeOf(NO_PROCESS)).toBeNull();
    expect(processState(NO_PROCESS)).toBeNull();
    expect(descendantsOf(NO_PROCESS)).toEqual([]);
    for (const pid of [NO_PROCESS, 0, -1, Number.NaN, 1.5]) expect(isAlive(pid)).toBe(false);
    killTree(NO_PROCESS, 'SIGKILL');
  });

  it('sees that a process is stopped, and that a zombie is dead', async () => {
    const { child, pid } = await startNode(IDLE);
    const startTime = startTimeOf(pid);
    child.kill('SIGSTOP');
    await vi.waitFor(() => expect(processState(pid)).toBe('T'));
    expect(isAlive(pid, startTime)).toBe(true);

    // Its parent is too busy to collect it.
    const { line } = await startNode(`
      const child = require('node:child_process').spawn('sh', ['-c', 'exit 0']);
      process.stdout.write(String(child.pid), () => { for (;;); });
    `);
    await vi.waitFor(() => expect(processState(Number(line))).toBe('Z'));
    expect(isAlive(Number(line))).toBe(false);
  });

  it('finds children and grandchildren, parents first', async () => {
    const { pid, line } = await startNode(FAMILY);
    const family = descendantsOf(pid);
    expect(family).toHaveLength(2);
    expect(family[1]).toEqual({ pid: Number(line), startTime: startTimeOf(Number(line)) });
    killTree(pid, 'SIGKILL');
  });

  it('ends a whole family', async () => {
    const { child, pid } = await startNode(FAMILY);
    const family = [{ pid, startTime: startTimeOf(pid) }, ...descendantsOf(pid)];
    const exit = once(child, 'exit');
    killTree(pid, 'SIGKILL');
    expect(await exit).toEqual([null, 'SIGKILL']);
    await vi.waitFor(() => expect(family.filter((each) => isAlive(each.pid, each.startTime))).toEqual([]));
  });

  it('spares whom it is told to', async () => {
    const { child, pid } = await startNode(FAMILY);
    const [parent, grandchild] = descendantsOf(pid);
    const exit = once(child, 'exit');
    killTree(pid, 'SIGKILL', (tree) => new Set(tree.map((one) => one.pid).filter((one) => one === grandchild?.pid)));
    await exit;
    await vi.waitFor(() => expect(isAlive(parent?.pid ?? 0, parent?.startTime)).toBe(false));
    expect(isAlive(grandchild?.pid ?? 0, grandchild?.startTime)).toBe(true);
    sendSignal(grandchild?.pid ?? 0, 'SIGKILL');
    await vi.waitFor(() => expect(isAlive(grandchild?.pid ?? 0, grandchild?.startTime)).toBe(false));
    sendSignal(grandchild?.pid ?? 0, 'SIGKILL');
  });

  it('sends nothing to everybody', () => {
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    for (const pid of [0, 1, -1, Number.NaN]) killTree(pid, 'SIGKILL');
    expect(kill).not.toHaveBeenCalled();
    kill.mockRestore();
  });
});
