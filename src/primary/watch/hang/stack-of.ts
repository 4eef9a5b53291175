import type { StackFrame } from '../../../lifecycle/describe-stack.ts';
import { openInspector } from '../../../system/open-inspector.ts';
import { handlesSignal } from '../../../system/process-state.ts';
import { isAlive, processState } from '../../../system/processes.ts';
import { interruptedAt } from './inspector-client.ts';

/** Usually it takes milliseconds, but without free CPU it takes seconds to open the inspector. */
const TIMEOUT_MS = 5_000;
/** An endless recursion has thousands of frames. */
const MAX_FRAMES = 50;

/** The process whose stack is captured. It was started with `--inspect-port=0` and `--inspect-publish-uid=stderr`. */
export interface StackTarget {
  readonly pid: number;
  /** The port of its inspector, if it is already open; otherwise null. */
  readonly inspectorPort: number | null;
  /** The path of its inspector at a port, as soon as it has printed it. */
  readonly inspectorPath: (port: number) => string | null;
  /** Whether the app listens for SIGUSR1 itself. The signal then does not open the inspector, so it is not sent. */
  readonly ownSigusr1: boolean;
}

/**
 * Why there is no stack. `gone`: the process has ended. `stopped`: by SIGSTOP or a terminal. `traced`: paused by a native
 * debugger. `no-inspector`: its inspector cannot be opened. `native`: it was not interrupted in time, because it is in native
 * code or starved of CPU.
 */
export type NoStack = 'gone' | 'stopped' | 'traced' | 'no-inspector' | 'native';

export type StackResult = { readonly frames: readonly StackFrame[] } | { readonly reason: NoStack };

/**
 * Captures the JavaScript stack of a process whose event loop is blocked, innermost call first. The process continues
 * afterwards. Never rejects, and takes at most `timeoutMs` (default 5 s). Linux only.
 *
 * The inspector's port is found as a new listening socket of the process, because an app can print such a line itself. The path
 * can only be read from its stderr: if it were served at the port, any user of the machine could attach.
 */
export async function stackOf(target: StackTarget, timeoutMs = TIMEOUT_MS): Promise<StackResult> {
  const { pid } = target;
  const obstacle = obstacleOf(pid);
  if (obstacle !== null) return { reason: obstacle };
  if (target.inspectorPort === null && (target.ownSigusr1 || !handlesSignal(pid, 'SIGUSR1'))) return { reason: 'no-inspector' };
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const port = target.inspectorPort ?? (await openInspector(pid, signal));
    const calls = await interruptedAt(port, () => target.inspectorPath(port), signal);
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
