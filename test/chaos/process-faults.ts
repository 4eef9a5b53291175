import { setTimeout as delay } from 'node:timers/promises';
import { attachDebugger } from '../helpers/inspector.ts';
import { isAlive, killProcess, processInfo, type ProcessInfo } from '../helpers/processes.ts';
import { waitFor } from '../helpers/wait.ts';
import type { Action } from './plan.ts';
import { skipped, until, type Begun, type Perform } from './perform.ts';
import type { Tree } from './tree.ts';

/** Whom an action is aimed at, among those that live now. */
type Aim = (tree: Tree, action: Action) => readonly ProcessInfo[];

const nth = (found: readonly ProcessInfo[], value: string | null): readonly ProcessInfo[] => found.slice(Number(value) % Math.max(1, found.length)).slice(0, 1);

const worker: Aim = (tree, { app, value }) => nth(tree.workers(app ?? ''), value);
const workers: Aim = (tree, { app }) => tree.workers(app ?? '');
/** It has a duration in the place of a number. */
const oldest: Aim = (tree, { app }) => tree.workers(app ?? '').slice(0, 1);
const member: Aim = (tree, { app, value }) => nth(tree.members(app ?? ''), value);
const primary: Aim = (tree, { app }) => tree.primaries(app ?? '').slice(0, 1);
const daemon: Aim = (tree) => tree.daemons;

const pids = (targets: readonly ProcessInfo[]): string => (targets.length === 0 ? 'nobody was there' : `pid ${targets.map(({ pid }) => pid).join(', ')}`);

/** Those that hang are to be ended by lb. */
const REPLACED_MS = 40_000;

const untilGone = (targets: readonly ProcessInfo[]): Begun =>
  until(async () => {
    const startedAt = performance.now();
    const isThere = ({ pid, startTime }: ProcessInfo): boolean => processInfo(pid)?.startTime === startTime && isAlive(pid);
    await waitFor(`${pids(targets)} to be ended by lb`, () => !targets.some(isThere), { deadlineMs: REPLACED_MS });
    return `${pids(targets)}, gone after ${Math.round(performance.now() - startedAt)} ms`;
  });

/** Of workers and what they forked; they answer no more. */
const end =
  (aim: Aim, signal: NodeJS.Signals): Perform =>
  async (world, action) => {
    const targets = aim(world.tree, action);
    for (const target of targets) world.end(target, signal);
    return untilGone(targets);
  };

/** Of daemon and primaries: no request may fail for having been served by a worker of theirs. */
const send =
  (signal: NodeJS.Signals, ...aims: readonly Aim[]): Perform =>
  async (world, action) => {
    const { tree } = world;
    const targets = aims.flatMap((aim) => aim(tree, action));
    for (const target of targets) killProcess(target, signal);
    return untilGone(targets);
  };

const pause =
  (aim: Aim): Perform =>
  async (world, action) => {
    const targets = aim(world.tree, action);
    for (const target of targets) killProcess(target, 'SIGSTOP');
    return until(async () => {
      await delay(Number(action.value));
      for (const target of targets) killProcess(target, 'SIGCONT');
      return pids(targets);
    });
  };

/** An endless loop. */
const hang =
  (aim: Aim): Perform =>
  async (world, action) => {
    const targets = aim(world.tree, action);
    for (const target of targets) {
      const problem = await loop(target.pid);
      if (problem !== null) return problem;
    }
    return untilGone(targets);
  };

async function loop(pid: number): Promise<Begun | null> {
  try {
    const socket = await attachDebugger(pid);
    const expression = 'setTimeout(() => { for (;;); })';
    await new Promise<void>((resolve) => socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }), () => resolve()));
    socket.terminate();
    return null;
  } catch {
    return skipped(`the inspector of ${pid} could not be reached`);
  }
}

export const PROCESS_FAULTS = {
  'kill-worker': end(worker, 'SIGKILL'),
  'kill-workers': end(workers, 'SIGKILL'),
  'kill-member': end(member, 'SIGKILL'),
  'kill-primary': send('SIGKILL', primary),
  'kill-daemon': send('SIGKILL', daemon),
  'kill-daemon-and-primary': send('SIGKILL', daemon, primary),
  'pause-worker': pause(oldest),
  'pause-primary': pause(primary),
  'pause-daemon': pause(daemon),
  'hang-worker': end(worker, 'SIGUSR2'),
  'stop-worker': end(worker, 'SIGSTOP'),
  'hang-primary': hang(primary),
  'stop-primary': send('SIGSTOP', primary),
  'hang-daemon': hang(daemon),
  'stop-daemon': send('SIGSTOP', daemon),
} satisfies Record<string, Perform>;
