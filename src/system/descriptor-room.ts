import { readFileSync } from 'node:fs';

/** Other open descriptors: channels and pipes of workers, logs, connections being handed over. */
const OTHERS = 256;
const LEAST = 16;

/** How many descriptors waiting connections may use; `Infinity` if the limit is unknown. */
export function descriptorRoom(limits: string = read()): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  // Reserves a quarter for connections accepted before a listener pauses.
  return soft === undefined ? Number.POSITIVE_INFINITY : Math.max(LEAST, Math.floor(Number(soft) * 0.75) - OTHERS);
}

function read(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
