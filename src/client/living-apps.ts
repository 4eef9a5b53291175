import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseLeftCommands } from '../protocol/left-commands.ts';
import { field, integer, nullable, number } from '../protocol/parser.ts';
import { WORKER_SETTINGS_VAR } from '../protocol/worker.ts';
import { startVariableOf } from '../system/process-text.ts';
import { isAlive, processesOfSession } from '../system/processes.ts';

type IsOurs = (pid: number) => boolean;

/** Whether a primary or a worker of this home is alive, according to the daemon's records. @param directory the directory of the records. */
export function hasLivingApps(directory: string): boolean {
  try {
    // Only root has apps of other users, and records of its own of them.
    const isOurs = process.getuid?.() === 0 && statSync(directory).uid === 0 ? () => true : isOwn;
    return readdirSync(directory).some((file) => {
      const path = join(directory, file);
      return file.endsWith('.json') ? isAliveIn(path, isOurs) : hasCommands(path, isOurs);
    });
  } catch {
    return false;
  }
}

/** A record that is being written or was removed counts as dead. */
function isAliveIn(file: string, isOurs: IsOurs): boolean {
  try {
    const record: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const pid = field('pid', integer(1))(record);
    // Workers that outlived their primary are in its session, whose number no other process can get while one of them lives.
    if (!isAlive(pid, field('startTime', nullable(number()))(record))) return processesOfSession(pid).some((one) => isOurs(one.pid) && isWorker(one.pid));
    return isOurs(pid);
  } catch {
    return false;
  }
}

/** A command outlives its primary. */
function hasCommands(file: string, isOurs: IsOurs): boolean {
  try {
    return parseLeftCommands(JSON.parse(readFileSync(file, 'utf8'))).some(({ pid, startTime }) => isAlive(pid, startTime) && isOurs(pid));
  } catch {
    return false;
  }
}

/** What belongs to another user is not for this one to bring back. */
const isOwn: IsOurs = (pid) => process.platform !== 'linux' || statSync(`/proc/${pid}`).uid === process.getuid?.();

const isWorker = (pid: number): boolean => startVariableOf(pid, WORKER_SETTINGS_VAR) !== undefined;
