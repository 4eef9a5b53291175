import { readFileSync } from 'node:fs';
import { cpuTimeOf, descendantsOf } from './processes.ts';
/** Resource usage of a process, or of several together. */
export interface ProcessUsage {
  /** User and system time since its start, in steps of the kernel's ticks (10 ms). */
  readonly cpuMs: number;
  /** Resident set size. */
  readonly memoryBytes: number;
}

const PAGE_BYTES = 4_096;

/** What a process and all its descendants use, with the CPU time of those that have ended. Null if it is gone or there is no `/proc`. */
export function treeUsage(pid: number): ProcessUsage | null {
  const cpuMs = cpuTimeOf(pid);
  if (cpuMs === null) return null;
  const below = descendantsOf(pid).map((each) => each.pid);
  return {
    cpuMs: below.reduce((sum, each) => sum + (cpuTimeOf(each) ?? 0), cpuMs),
    memoryBytes: [pid, ...below].reduce((sum, each) => sum + residentBytes(each), 0),
  };
}

function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * PAGE_BYTES || 0;
  } catch {
    return 0;
  }
}
