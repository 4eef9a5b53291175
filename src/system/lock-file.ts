import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { errnoOf } from '../errors/lb-error.ts';
import { isAlive, startTimeOf } from './processes.ts';

const ATTEMPTS = 5;

/**
 * A lock file with pid and start time, for systems without abstract sockets; null if a living process holds it. Two processes
 * that find the same stale file at the same time may both get the lock; abstract sockets have no such race.
 */
export function acquireLockFile(path: string): { release(): void } | null {
  const mine = `${process.pid} ${startTimeOf(process.pid) ?? ''}`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
      return { release: () => void (read(path) === mine && rmSync(path, { force: true })) };
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    const holder = read(path);
    if (holder === null) continue;
    const [pid, startTime] = holder.split(' ');
    if (isAlive(Number(pid), startTime ? Number(startTime) : null)) return null;
    rmSync(path, { force: true });
  }
  return null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
