import { readFileSync } from 'node:fs';

/** Of Linux, as `/proc` shows it on every architecture. */
const TICK_MS = 10;

/** CPU time that a process has used since it began, in milliseconds. */
export function cpuTimeMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
