import { setTimeout as delay } from 'node:timers/promises';
import type { StackFrame } from '../../../lifecycle/describe-stack.ts';
import { interruptedAt } from '../../../system/inspector-client.ts';
import { handlesSignal, listeningPorts, ownsSocket } from '../../../system/process-state.ts';
import { isAlive, processState } from '../../../system/processes.ts';

/** Mostly it takes milliseconds; a machine without free CPU needs seconds to open the inspector. */
const TIMEOUT_MS = 5_000;
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 200;
/** A recursion without end has thousands of calls. */
const MAX_FRAMES = 50;

/** The process whose stack is wanted; it was started with `--inspect-port=0`. */
export interface StackTarget {
  readonly pid: number;
  /** Where its inspector is open already; null when it is not. */
  readonly inspectorPort: number | null;
  /** The app listens for SIGUSR1 itself: that opens no inspector then, and is not sent. */
  readonly ownSigusr1: boolean;
}

/**
 * Why there is no stack. `gone`: it has ended. `stopped`: by SIGSTOP or a terminal. `traced`: a native debugger holds it.
 * `no-inspector`: it has none to open. `native`: it was not interrupted in time, because it waits in native code or gets
 * no CPU.
 */
export type NoStack = 'gone' | 'stopped' | 'traced' | 'no-inspector' | 'native';

export type StackResult = { readonly frames: readonly StackFrame[] } | { readonly reason: NoStack };

/**
 * The JavaScript stack of a process whose event loop is blocked, innermost call first; it goes on afterwards. It never
 * fails and takes at most `timeoutMs` (default 5 s). Linux only.
 *
 * The inspector's port is found as a new listening socket of the process, not read from its stderr: an app can redirect
 * that, write such a line itself, or have so much to say that the line comes late.
 */
export async function stackOf(target: StackTarget, timeoutMs = TIMEOUT_MS): Promise<StackResult> {
  const { pid } = target;
  const obstacle = obstacleOf(pid);
  if (obstacle !== null) return { reason: obstacle };
  if (target.inspectorPort === null && (target.ownSigusr1 || !handlesSignal(pid, 'SIGUSR1'))) return { reason: 'no-inspector' };
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const port = target.inspectorPort ?? (await openInspector(pid, signal));
    const calls = await interruptedAt(port, signal);
    return {
      frames: calls.slice(0, MAX_FRAMES).map(({ functionName, url, lineNumber, columnNumber }) => ({
        functionName,
        url,
        line: lineNumber + 1,
        column: columnNumber + 1,
      })),
    };
  } catch {
    return { reason: obstacleOf(pid) ?? (signal.aborted ? 'native' : 'no-inspector') };
  }
}

function obstacleOf(pid: number): NoStack | null {
  if (!isAlive(pid)) return 'gone';
  const state = processState(pid);
  if (state === 'T') return 'stopped';
  return state === 't' ? 'traced' : null;
}

/** Node opens the inspector at SIGUSR1 as soon as its JavaScript comes to a loop's end or a call. @returns its port. */
async function openInspector(pid: number, signal: AbortSignal): Promise<number> {
  const before = listeningPorts(pid);
  process.kill(pid, 'SIGUSR1');
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(2 * waitMs, LAST_LOOK_MS)) {
    await delay(waitMs, undefined, { signal });
    if (!isAlive(pid)) throw new Error('it has ended');
    for (const [inode, port] of listeningPorts(pid)) {
      if (!before.has(inode) && ownsSocket(pid, inode)) return port;
    }
  }
}
