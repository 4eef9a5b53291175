import { readFileSync } from 'node:fs';

/** What else a process has open: its workers' channels and pipes, logs, connections on their way to a worker. */
const OTHERS = 256;
const LEAST = 16;

/** Descriptors that may be kept for what waits, of those that this process may open; `Infinity` where that is not told. */
export function descriptorRoom(limits: string = read()): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  // The rest is for what comes while a listener pauses.
  return soft === undefined ? Number.POSITIVE_INFINITY : Math.max(LEAST, Math.floor(Number(soft) * 0.75) - OTHERS);
}

function read(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
