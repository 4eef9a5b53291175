import type { OperationName } from './operation-name.ts';

/** What to do with a request while operations run or wait. */
export type Admission =
  | { readonly verdict: 'run' }
  | { readonly verdict: 'wait' }
  /** It shares the result of the waiting operation at this index. */
  | { readonly verdict: 'join'; readonly index: number }
  /** Cancel the running operation and drop all waiting ones. */
  | { readonly verdict: 'preempt' };

/**
 * One operation at a time per app. A reload joins a waiting reload, which will load whatever is on disk by then; but one with
 * its own definition is queued. `stop` preempts everything except another stop.
 */
export function admit(
  request: { readonly kind: OperationName; readonly joinable: boolean },
  running: OperationName | null,
  waiting: readonly { readonly kind: OperationName; readonly joinable: boolean }[],
): Admission {
  if (running === null && waiting.length === 0) return { verdict: 'run' };
  const stops = running === 'stop' || waiting.some((w) => w.kind === 'stop');
  if (request.kind === 'stop') return stops ? { verdict: 'wait' } : { verdict: 'preempt' };
  if (request.joinable) {
    const index = waiting.findIndex((w) => w.kind === request.kind && w.joinable);
    if (index >= 0) return { verdict: 'join', index };
  }
  return { verdict: 'wait' };
}
