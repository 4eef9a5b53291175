import { descendantsOf, isAlive, isShell, killTree, processesOfSession, sendSignal, signalGroup, type ProcessId } from './processes.ts';
import { sparedOf } from './worker-tree.ts';

/**
 * A command is started as the leader of a session and process group of its own. This is what can be asked of it, and done to it, by
 * its pid.
 */

/** Sends the leader a signal. A shell that waits for what it runs passes none on, so there the whole group gets it. */
export function signalCommand(leader: number, signal: NodeJS.Signals): void {
  if (isShell(leader) && descendantsOf(leader).length > 0) signalGroup(leader, signal);
  else sendSignal(leader, signal);
}

/** What is left of a command, without the `lb` commands that it runs. Of a leader that is dead: what it left in its session. */
export function leftOfCommand(leader: number): ProcessId[] {
  const members = sessionMembers(leader);
  const spared = sparedOf(members, leader);
  return members.filter(({ pid }) => pid === leader || !spared.has(pid));
}

/** Kills all that is left of it. */
export function killCommand(leader: number): void {
  for (const { pid, startTime } of leftOfCommand(leader)) if (isAlive(pid, startTime)) killTree(pid, 'SIGKILL', (tree) => sparedOf(tree, leader));
}

/** None if it cannot be known now. */
function sessionMembers(leader: number): ProcessId[] {
  try {
    return processesOfSession(leader);
  } catch {
    return [];
  }
}
