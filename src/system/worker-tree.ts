import { commandPathsOf, descendantsOf, killTree, sessionOf, type ProcessId } from './processes.ts';

/** Kills a worker and its descendants with SIGKILL, except those that outlive it. */
export function killWorkerTree(pid: number): void {
  const session = sessionOf(pid);
  killTree(pid, 'SIGKILL', (tree) => sparedOf(tree, session));
}

/**
 * The pids of those descendants of a worker that outlive it: processes in a session of their own (daemons), and `lb` commands (a
 * webhook that runs `lb reload`) with what belongs to them.
 * @param session of the worker.
 */
export function sparedOf(tree: readonly ProcessId[], session: number | null): ReadonlySet<number> {
  const spared = new Set<number>();
  for (const { pid } of tree) {
    if (sessionOf(pid) !== session) spared.add(pid);
    const below = descendantsOf(pid);
    // The shell above a command waits for it.
    if (![{ pid }, ...below].some((one) => isLbCommand(one.pid))) continue;
    spared.add(pid);
    if (isLbCommand(pid)) for (const one of below) spared.add(one.pid);
  }
  return spared;
}

/** Whether a process is an `lb` command. */
export function isLbCommand(pid: number): boolean {
  return commandPathsOf(pid).some((path) => /\/bin\/lb(?:-pm2)?\.js$/.test(path));
}
