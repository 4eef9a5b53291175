import { readFileSync } from 'node:fs';

/** Null is without limit, or unknown. Node.js raises its own limit on open files to the hard one. */
interface ResourceLimits {
  readonly openFiles: number | null;
  /** Of the user. */
  readonly processes: number | null;
  readonly coreBytes: number | null;
  readonly lockedBytes: number | null;
}

const MIB = 1024 ** 2;
const STACK_BYTES = 8 * MIB;
/** Whatever the limit on the stack is, the kernel takes this much, and never more than 6 MiB. */
const LEAST_ROOM_BYTES = 128 * 1024;
const MOST_ROOM_BYTES = 6 * MIB;

/** The limits of this process, which its children inherit. @param text of `/proc/<pid>/limits` */
export function ownLimits(text: string = read()): ResourceLimits {
  return {
    openFiles: limitOf('Max open files', text),
    processes: limitOf('Max processes', text),
    coreBytes: limitOf('Max core file size', text),
    lockedBytes: limitOf('Max locked memory', text),
  };
}

/** How much the kernel takes for the arguments and the environment of a new process. */
export function argumentRoom(text: string = read()): number {
  const stack = text === '' ? STACK_BYTES : (limitOf('Max stack size', text) ?? Number.POSITIVE_INFINITY);
  return Math.min(MOST_ROOM_BYTES, Math.max(LEAST_ROOM_BYTES, Math.floor(stack / 4)));
}

function limitOf(name: string, text: string): number | null {
  const soft = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(text)?.[1];
  return soft === undefined ? null : Number(soft);
}

function read(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
