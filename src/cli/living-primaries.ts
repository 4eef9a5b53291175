import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { field, integer, nullable, number } from '../protocol/parser.ts';
import { isAlive } from '../system/processes.ts';

/** Whether a primary of this home is alive, according to the daemon's records. @param directory the directory of the records. */
export function hasLivingPrimaries(directory: string): boolean {
  try {
    return readdirSync(directory).some((file) => file.endsWith('.json') && isAliveIn(join(directory, file)));
  } catch {
    return false;
  }
}

/** A record that is being written or was removed counts as dead. */
function isAliveIn(file: string): boolean {
  try {
    const record: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isAlive(field('pid', integer(1))(record), field('startTime', nullable(number()))(record));
  } catch {
    return false;
  }
}
