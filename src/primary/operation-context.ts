import { describeRevival, isRevived } from '../lifecycle/trigger.ts';
import type { EmitEvent } from '../protocol/event.ts';
import type { SnapshotParts } from './stats/snapshot.ts';
import type { OperationContext } from './operations/operation.ts';

interface ContextParts extends Pick<SnapshotParts, 'pool' | 'runner' | 'supervisor' | 'ingress' | 'contract' | 'router' | 'replacement' | 'generations'> {
  readonly event: EmitEvent;
  readonly memoryLeftBytes: () => number | null;
}

/** What operations see of the app, and may do to it. */
export function operationContext(parts: ContextParts): OperationContext {
  const { pool, runner, supervisor, ingress, contract, router, event, replacement, generations, memoryLeftBytes } = parts;
  return {
    pool,
    replacement: {
      get current() {
        return replacement.current;
      },
      get ownSockets() {
        return replacement.footprint.ownSockets;
      },
      inspect: async () => {
        await Promise.all([replacement.inspect(), generations.check()]);
        supervisor.wake();
      },
    },
    generations,
    revival: () => (isRevived(pool.spec) ? describeRevival(pool.spec) : null),
    memoryLeftBytes,
    wakeIn: (ms) => supervisor.wakeIn(ms),
    progress: (step, message, worker) => {
      if (step === 'rollback') event('rollback', message);
      runner.progress(step, message, worker);
    },
    isAccepting: () => router.accepting,
    listeners: () => ingress.labels,
    closeListeners: () => ingress.closeAllBut(new Set()),
    shutListeners: () => ingress.shut(() => router.changed()),
    releaseListeners: () => ingress.release(() => router.changed()),
    dropListeners: (names) => contract.drop(names),
  };
}
