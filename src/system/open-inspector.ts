import { setTimeout as delay } from 'node:timers/promises';
import { listeningPorts, ownsSocket } from './process-state.ts';
import { isAlive } from './processes.ts';

const FIRST_POLL_MS = 10;
const MAX_POLL_MS = 200;

/**
 * Opens the inspector of a Node.js process with SIGUSR1, at the next call or loop iteration of the running JavaScript. To be sent only to
 * a process that handles the signal. The port is found as a new listening socket of the process, because an app can print such a line itself.
 * @returns its port on 127.0.0.1. Rejects when the process ends, and on abort
 */
export async function openInspector(pid: number, signal: AbortSignal): Promise<number> {
  const before = listeningPorts(pid);
  process.kill(pid, 'SIGUSR1');
  for (let waitMs = FIRST_POLL_MS; ; waitMs = Math.min(2 * waitMs, MAX_POLL_MS)) {
    await delay(waitMs, undefined, { signal });
    if (!isAlive(pid)) throw new Error('it has ended');
    for (const [inode, port] of listeningPorts(pid)) {
      if (!before.has(inode) && ownsSocket(pid, inode)) return port;
    }
  }
}
