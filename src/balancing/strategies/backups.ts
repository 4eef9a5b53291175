import type { Seat } from '../strategy.ts';

/**
 * Whether connections go to the backups now: when every other seat is full, or there is none. One that is merely not
 * free is waited for.
 */
export function areBackupsDue(seats: readonly Seat[]): boolean {
  for (const seat of seats) if (!seat.backup && !seat.full) return false;
  return true;
}
