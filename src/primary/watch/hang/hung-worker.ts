import { describeStack } from '../../../lifecycle/describe-stack.ts';
import type { StopReason } from '../../../lifecycle/exit-report.ts';
import type { EmitEvent } from '../../../protocol/event.ts';
import { processState } from '../../../system/processes.ts';
import type { WorkerHandle } from '../../workers/worker-handle.ts';
import { stackOf, type NoStack, type StackResult } from './stack-of.ts';

const NO_STACK: Readonly<Record<NoStack, string>> = {
  gone: '',
  stopped: ' (the process is stopped, for example by SIGSTOP)',
  traced: ' (a debugger has paused the process)',
  'no-inspector': '',
  native: ' (in native code, or starved of CPU)',
};

/** Replaces a hung worker immediately, then captures its stack for the report and kills it. */
export async function endHungWorker(
  worker: WorkerHandle,
  silentMs: number,
  {
    abandon,
    event,
  }: {
    readonly abandon: (worker: WorkerHandle, stopReason: StopReason, reason: string) => void;
    readonly event: EmitEvent;
  },
): Promise<void> {
  const hung = `hung for ${Math.round(silentMs / 1000)} s`;
  const { pid, inspectorPort } = worker;
  const state = processState(pid);
  // A stopped process has no stack to capture, so its reason is complete before it is reported.
  const known = state === 'T' ? hung + NO_STACK.stopped : hung;
  worker.end.explain('hang-watch', known);
  abandon(worker, 'hung', known);
  const stack = await stackOf({
    pid,
    inspectorPort,
    inspectorPath: (port) => worker.inspectorPaths.at(port),
    ownSigusr1: worker.meter.last?.ownSigusr1 ?? false,
  });
  const cause = hung + whereOf(stack, worker.spec.cwd);
  worker.end.explain('hang-watch', cause, 'frames' in stack ? describeStack(stack.frames, worker.spec.cwd).lines : []);
  event('hung', `worker ${worker.slot} ${cause}`, worker);
  if (worker.state !== 'exited') worker.kill();
}

function whereOf(stack: StackResult, cwd: string): string {
  if ('reason' in stack) return NO_STACK[stack.reason];
  const { where } = describeStack(stack.frames, cwd);
  return where === null ? '' : ` ${where}`;
}
