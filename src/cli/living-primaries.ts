import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../system/processes.ts';

/** Whether a primary of this home runs, by the records that the daemon keeps of them. @param directory that of the records. */
export function hasLivingPrimaries(directory: string): boolean {
  try {
    return readdirSync(directory).some((file) => file.endsWith('.json') && isAliveIn(join(directory, file)));
  } catch {
    return false;
  }
}

/** A record that is just being written or was taken away tells nothing. */
function isAliveIn(file: string): boolean {
  try {
    const { pid, startTime } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startTime: number | null };
    return isAlive(pid, startTime);
  } catch {
    return false;
  }
}
