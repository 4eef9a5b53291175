import { rmSync } from 'node:fs';
import { findDoors, makeDoor, type Door, type FoundDoor } from '../system/door.ts';
import { isAlive, type ProcessId } from '../system/processes.ts';

const REDIAL_FIRST_MS = 50;
const REDIAL_CAP_MS = 250;

interface DoorsOptions {
  /** Where the doors are. */
  readonly folder: string;
  /** Connects to the primary of this name behind a door. @param closed called when the connection has ended, or none came about */
  readonly dial: (name: string, door: FoundDoor, closed: () => void) => void;
}

/** The primaries of other users: they cannot dial, so this daemon dials them, for as long as they live. */
export class Doors {
  readonly #options: DoorsOptions;
  #isClosed = false;

  constructor(options: DoorsOptions) {
    this.#options = options;
  }

  /** For a primary that is about to start. @throws Error from the system */
  make(name: string): Door {
    return makeDoor(this.#options.folder, name);
  }

  /** A primary has got its door: dials it. */
  given(name: string, door: FoundDoor): void {
    this.#dial(name, door, REDIAL_FIRST_MS);
  }

  /** Dials all primaries of this name that outlived their daemon. @returns one of them */
  restore(name: string): ProcessId | null {
    const doors = findDoors(this.#options.folder, name);
    for (const door of doors) this.#dial(name, door, REDIAL_FIRST_MS);
    return doors.find(({ pid, startTime }) => isAlive(pid, startTime)) ?? null;
  }

  /** Another daemon dials them from now on. */
  close(): void {
    this.#isClosed = true;
  }

  #dial(name: string, door: FoundDoor, delayMs: number): void {
    if (this.#isClosed) return;
    if (!isAlive(door.pid, door.startTime)) return remove(door);
    this.#options.dial(name, door, () => {
      setTimeout(() => this.#dial(name, door, Math.min(delayMs * 2, REDIAL_CAP_MS)), delayMs).unref();
    });
  }
}

/** One that stays names a process that is gone. */
function remove({ path }: FoundDoor): void {
  try {
    rmSync(path, { force: true });
  } catch {
    return;
  }
}
