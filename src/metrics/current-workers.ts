import type { WorkerSnapshot } from '../protocol/snapshot.ts';

/** The one worker that stands for each slot: the youngest that is ready, else the youngest. */
export function currentWorkers(workers: readonly WorkerSnapshot[]): Map<number, WorkerSnapshot> {
  const current = new Map<number, WorkerSnapshot>();
  for (const worker of workers) {
    const before = current.get(worker.slot);
    if (before === undefined || worker.state === 'ready' || before.state !== 'ready') current.set(worker.slot, worker);
  }
  return new Map([...current].sort(([a], [b]) => a - b));
}
