import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** A process as `/proc` shows it; pid and start time together are its identity. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** `R`, `S`, `Z` (zombie) … */
  readonly state: string;
  /** Clock ticks since boot. */
  readonly startTime: number;
  readonly command: string;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** The process, or null when there is none. */
export function processInfo(pid: number): ProcessInfo | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === '') return null;
  // The command name stands in parentheses and may hold anything, spaces and parentheses too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    state: fields[0] ?? '?',
    parent: Number(fields[1]),
    startTime: Number(fields[19]),
    command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(),
  };
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

export const isAlive = (pid: number): boolean => {
  const found = processInfo(pid);
  return found !== null && found.state !== 'Z' && found.state !== 'X';
};

/** Every living process that has the directory in its environment, its arguments or as its working directory. */
export function processesOf(directory: string): ProcessInfo[] {
  const belongs = (pid: number): boolean =>
    read(`/proc/${pid}/environ`).includes(directory) ||
    read(`/proc/${pid}/cmdline`).includes(directory) ||
    linkTarget(`/proc/${pid}/cwd`).startsWith(directory);
  return allPids()
    .filter((pid) => pid !== process.pid && belongs(pid))
    .flatMap((pid) => processInfo(pid) ?? [])
    .filter((found) => found.state !== 'Z');
}

/** Children of a process, zombies too. */
export function childrenOf(parent: number): ProcessInfo[] {
  return allPids()
    .flatMap((pid) => processInfo(pid) ?? [])
    .filter((found) => found.parent === parent);
}

/** Open file descriptors of a process, but for those below `/proc`: a sampler of CPU and memory keeps them for some seconds. */
export function descriptorCount(pid: number): number {
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => linkTarget(`/proc/${pid}/fd/${fd}`));
  return targets.filter((target) => !target.startsWith('/proc/')).length;
}

/** What its descriptors are, most frequent first. */
export function openFiles(pid: number): string {
  const counts = new Map<string, number>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const target = linkTarget(`/proc/${pid}/fd/${fd}`).replaceAll(/\d+/g, 'n');
    counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  const lines = [...counts].sort((a, b) => b[1] - a[1]).map(([target, count]) => `  ${count} × ${target}`);
  return [`descriptors of ${pid}:`, ...lines].join('\n');
}

/** Private memory of a process: what would be free if it ended. */
export function privateBytes(pid: number): number {
  const kilobytes = [...read(`/proc/${pid}/smaps_rollup`).matchAll(/^Private_\w+:\s+(\d+) kB/gm)].map((match) => Number(match[1]));
  return kilobytes.reduce((sum, value) => sum + value, 0) * 1024;
}

/** Sends the signal only when the pid still is the process that was meant. */
export function killProcess(target: Pick<ProcessInfo, 'pid' | 'startTime'>, signal: NodeJS.Signals): boolean {
  if (processInfo(target.pid)?.startTime !== target.startTime) return false;
  try {
    return process.kill(target.pid, signal);
  } catch {
    return false;
  }
}
