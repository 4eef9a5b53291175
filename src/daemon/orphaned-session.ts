import { setTimeout as sleep } from 'node:timers/promises';
import { WORKER_SETTINGS_VAR } from '../protocol/worker.ts';
import { now } from '../system/clock.ts';
import { startVariableOf } from '../system/process-text.ts';
import { descendantsOf, isAlive, isShell, parentOf, processesOfSession, sendSignal, sessionOf, type ProcessId } from '../system/processes.ts';
import { isLbCommand, killWorkerTree } from '../system/worker-tree.ts';

const CHECK_EVERY_MS = 50;
/** What workers started may take this long to end after the last of them, and then after SIGTERM, as while a primary lives. */
const GRACE_MS = 1_000;
const TERM_MS = 2_000;

/**
 * Ends what a dead primary left behind: its workers, and what they started. All are in its session, whose number no other process
 * can get while one of them lives. Orphaned workers shut down by themselves; this waits for them, and kills those that are still there
 * after `kill_timeout`. Spared are running `lb` commands (a webhook that runs `lb reload`), their shells, and what they started.
 */
export async function orphansEnded(session: number, killTimeoutMs: number): Promise<void> {
  const deadline = now() + killTimeoutMs;
  for (;;) {
    const left = orphansNow(session);
    if (left === null) {
      if (now() > deadline + GRACE_MS) return;
      await sleep(CHECK_EVERY_MS);
      continue;
    }
    if (left.length === 0) return;
    const workers = left.filter(isWorker);
    if (workers.length > 0) await ended(workers, deadline - now());
    else await leftoversEnded(left);
    for (const { pid, startTime } of workers) if (isAlive(pid, startTime)) killWorkerTree(pid);
    await sleep(CHECK_EVERY_MS);
  }
}

/**
 * Whether this is the session of a dead primary. A pid that was read from a file may be of a time before the machine or the container
 * was started again, and now be the session of another program.
 */
export const isOrphaned = (session: number): boolean => orphansNow(session)?.some(isWorker) ?? false;

/** Null if it cannot be known now. Workers end themselves by then, so nobody waits for ever. */
export function orphansNow(session: number): ProcessId[] | null {
  try {
    return orphansOf(session);
  } catch {
    return null;
  }
}

/** Processes that outlived their worker. */
async function leftoversEnded(left: readonly ProcessId[]): Promise<void> {
  await ended(left, GRACE_MS);
  const stubborn = left.filter(({ pid, startTime }) => isAlive(pid, startTime));
  for (const { pid } of stubborn) sendSignal(pid, 'SIGTERM');
  await ended(stubborn, TERM_MS);
  for (const { pid, startTime } of stubborn) if (isAlive(pid, startTime)) killWorkerTree(pid);
}

async function ended(processes: readonly ProcessId[], withinMs: number): Promise<void> {
  const deadline = now() + withinMs;
  while (now() < deadline && processes.some(({ pid, startTime }) => isAlive(pid, startTime))) await sleep(CHECK_EVERY_MS);
}

/** What a dead primary left behind and has to end. */
export function orphansOf(session: number): ProcessId[] {
  // A primary that could not be started has none. If a process has its pid, its session has ended, and this one is another's.
  if (session <= 1 || session === sessionOf(process.pid) || isAlive(session)) return [];
  const members = processesOfSession(session);
  const commands = members.filter(({ pid }) => isLbCommand(pid));
  // They wait for the command that they run.
  const shells = commands.flatMap(({ pid }) => parentOf(pid) ?? []).filter(isShell);
  const spared = new Set([...shells, ...commands.flatMap(({ pid }) => [pid, ...descendantsOf(pid).map((below) => below.pid)])]);
  return members.filter(({ pid }) => !spared.has(pid));
}

/** The preload removes the variable, so what a worker started does not have it. */
const isWorker = ({ pid }: { readonly pid: number }): boolean => startVariableOf(pid, WORKER_SETTINGS_VAR) !== undefined;
