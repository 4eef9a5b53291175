import type { OperationName } from './operation-name.ts';

/** What to do with a request that arrives while operations run or wait. */
export type Admission =
  | { readonly verdict: 'run' }
  | { readonly verdict: 'wait' }
  /** Answered together with the waiting operation at this index. */
  | { readonly verdict: 'join'; readonly index: number }
  /** The running one is given up and all waiting ones are dropped. */
  | { readonly verdict: 'preempt' };

/**
 * One operation at a time per app. A reload that arrives while one already waits joins it, because the waiting one will
 * pick up whatever is on disk by then; one that carries a definition of its own takes its place in the queue.
 * `stop` pre-empts all but another stop.
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
