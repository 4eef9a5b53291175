import type { Backend } from '../strategy.ts';

/**
 * Whether connections go to the backups now: when every other backend is full, or there is none. One that is merely not
 * free is waited for.
 */
export function areBackupsDue(backends: readonly Backend[]): boolean {
  for (const backend of backends) if (!backend.backup && !backend.full) return false;
  return true;
}
