import type { Backend } from '../strategy.ts';

/**
 * Whether connections go to the backups now: all regular backends are full, or there are none. A backend that is only busy is
 * waited for.
 */
export function areBackupsDue(backends: readonly Backend[]): boolean {
  for (const backend of backends) if (!backend.backup && !backend.full) return false;
  return true;
}
