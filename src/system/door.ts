import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { join } from 'node:path';
import { bindSocket } from './raw-listener.ts';
import { withShortPath } from './short-path.ts';
import type { ProcessId } from './processes.ts';

/** Daemons that dial at the same time. */
const BACKLOG = 16;
const NAMED = /^(\d+)-(\d+)\.door$/;

/**
 * The listening socket of a process of another user, on which it waits for its daemon. The daemon makes it, in a folder that nobody
 * else can enter, and the process inherits it: so nobody else can connect, and who answers is that process.
 */
export interface Door {
  /** To be inherited. */
  readonly fd: number;
  /** Its file gets the name of the process that has it; if that fails, later daemons do not find it. */
  give(to: ProcessId): FoundDoor;
  /** Nobody has it. */
  discard(): void;
}

/** Where the daemon finds a process again. */
export interface FoundDoor extends ProcessId {
  readonly path: string;
}

/** @param prefix begins the name of its file @throws Error from the system */
export function makeDoor(folder: string, prefix: string): Door {
  const temporary = join(folder, `${prefix}.${randomBytes(8).toString('hex')}.new`);
  return withShortPath(temporary, (path) => {
    const handle = bindSocket({ address: path, port: -1, addressType: -1, flags: 0 });
    const errno = typeof handle === 'number' ? handle : handle.listen(BACKLOG);
    const { fd } = typeof handle === 'number' ? {} : handle;
    if (typeof handle === 'number' || errno !== 0 || fd === undefined) {
      if (typeof handle !== 'number') handle.close();
      throw new Error(`${temporary}: ${getSystemErrorMap().get(errno)?.[1] ?? `error ${errno}`}`);
    }
    return {
      fd,
      give: ({ pid, startTime }) => {
        // In the turn in which it was made: nothing is accepted here.
        handle.close();
        return { pid, startTime, path: named(temporary, join(folder, `${prefix}.${pid}-${startTime}.door`)) };
      },
      discard: () => {
        handle.close();
        rmSync(temporary, { force: true });
      },
    };
  });
}

function named(temporary: string, path: string): string {
  try {
    renameSync(temporary, path);
    return path;
  } catch {
    return temporary;
  }
}

/** All doors with this prefix, also those of processes that are dead. */
export function findDoors(folder: string, prefix: string): readonly FoundDoor[] {
  return namesIn(folder).flatMap((name) => {
    const [, pid, startTime] = (name.startsWith(`${prefix}.`) ? NAMED.exec(name.slice(prefix.length + 1)) : null) ?? [];
    return pid === undefined || startTime === undefined ? [] : [{ path: join(folder, name), pid: Number(pid), startTime: Number(startTime) }];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
