import type { OperationRunner } from '../operations/operation-runner.ts';
import type { Pool } from '../workers/pool.ts';

/** Why the current load and its distribution are not meaningful; null if they are. */
export function unsettled(pool: Pool, runner: OperationRunner): string | null {
  const running = runner.changing ?? runner.waiting[0];
  if (running !== undefined) return `${running} runs`;
  if (pool.workers.some(({ state }) => state === 'starting')) return 'a worker is starting';
  const missing = pool.slots.some(({ restart, workers }) => workers.length === 0 && (restart.phase === 'idle' || restart.phase === 'waiting'));
  return missing ? 'a worker is waiting for its restart' : null;
}
