import { readdirSync, readFileSync } from 'node:fs';
import { errnoOf } from '../errors/lb-error.ts';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks after boot. */
  readonly startTime: number;
}

interface ProcessStat extends ProcessId {
  readonly state: string;
  readonly ppid: number;
}

/** When the process was started, in clock ticks after boot; null when it is gone or the system has no `/proc`. */
export function startTimeOf(pid: number): number | null {
  return statOf(pid)?.startTime ?? null;
}

/** The kernel's letter for what a process does (`R`, `S`, `D`, `T`, `Z` …); null when it is gone or there is no `/proc`. */
export function processState(pid: number): string | null {
  return statOf(pid)?.state ?? null;
}

/** Whether this very process still runs. A zombie does not; a start time that differs tells another process. */
export function isAlive(pid: number, startTime?: number | null): boolean {
  if (!isPid(pid)) return false;
  if (process.platform === 'linux') {
    const stat = statOf(pid);
    if (stat !== null) return !isDead(stat.state) && (startTime == null || stat.startTime === startTime);
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** Children, their children and so on, parents first. What was detached by ending its parent is not found. Linux only. */
export function descendantsOf(pid: number): ProcessId[] {
  const found: ProcessId[] = [];
  if (process.platform !== 'linux' || !isPid(pid)) return found;
  const seen = new Set([pid]);
  let scanned: Map<number, ProcessStat[]> | null = null;
  for (let parent: number | undefined = pid, next = 0; parent !== undefined; parent = found[next++]?.pid) {
    const children: ProcessId[] = childrenOf(parent) ?? (scanned ??= scanByParent()).get(parent) ?? [];
    for (const child of children) {
      if (seen.has(child.pid)) continue;
      seen.add(child.pid);
      found.push({ pid: child.pid, startTime: child.startTime });
    }
  }
  return found;
}

/** Sends a signal to a process, then to all its descendants; those that end meanwhile are passed over. */
export function killTree(pid: number, signal: NodeJS.Signals): void {
  if (!isPid(pid) || pid === 1) return;
  const victims = descendantsOf(pid);
  send(pid, signal);
  const known = new Set(victims.map((victim) => victim.pid));
  for (const victim of victims) {
    if (startTimeOf(victim.pid) !== victim.startTime) continue;
    // What it has forked since the list was made would outlive it unseen.
    for (const late of descendantsOf(victim.pid)) {
      if (known.has(late.pid)) continue;
      known.add(late.pid);
      victims.push(late);
    }
    send(victim.pid, signal);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** `kill` gives 0 and negative numbers a meaning that nobody here has in mind. */
function isPid(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 0;
}

function isDead(state: string): boolean {
  return state === 'Z' || state === 'X' || state === 'x';
}

function statOf(pid: number): ProcessStat | null {
  if (process.platform !== 'linux') return null;
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

/** Reads the text of `/proc/<pid>/stat`. The name in parentheses may itself hold spaces and parentheses. */
export function parseStat(text: string): ProcessStat | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, ppid] = fields;
  const startTime = Number(fields[19]);
  if (state === undefined || ppid === undefined || !Number.isFinite(startTime)) return null;
  return { pid: Number.parseInt(text, 10), state, ppid: Number(ppid), startTime };
}

/** Direct children through the kernel's own lists, one per thread; null when it has none (CONFIG_PROC_CHILDREN). */
function childrenOf(pid: number): ProcessId[] | null {
  try {
    const children: ProcessId[] = [];
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      for (const id of readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ')) {
        const stat = id === '' ? null : statOf(Number(id));
        if (stat !== null) children.push(stat);
      }
    }
    return children;
  } catch {
    return statOf(pid) === null ? [] : null;
  }
}

function scanByParent(): Map<number, ProcessStat[]> {
  const byParent = new Map<number, ProcessStat[]>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null;
    if (stat === null) continue;
    const siblings = byParent.get(stat.ppid);
    if (siblings === undefined) byParent.set(stat.ppid, [stat]);
    else siblings.push(stat);
  }
  return byParent;
}
