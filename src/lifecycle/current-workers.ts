import type { WorkerState } from './states.ts';

interface InSlot {
  readonly slot: number;
  readonly state: WorkerState;
}

/** The current worker of each slot: the youngest ready one, else the youngest. @param workers oldest first */
export function currentWorkers<W extends InSlot>(workers: readonly W[]): Map<number, W> {
  const current = new Map<number, W>();
  for (const worker of workers) {
    const before = current.get(worker.slot);
    if (before === undefined || worker.state === 'ready' || before.state !== 'ready') current.set(worker.slot, worker);
  }
  return new Map([...current].sort(([a], [b]) => a - b));
}
