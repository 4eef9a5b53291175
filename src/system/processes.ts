import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { errnoOf } from '../errors/lb-error.ts';

/** Identifies a process even if its pid is reused. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTime: number;
}

interface ProcessStat extends ProcessId {
  readonly state: string;
  readonly ppid: number;
  readonly session: number;
  /** User and system time. */
  readonly cpuMs: number;
  /** The same of its children that have ended. */
  readonly childrenCpuMs: number;
}

/** Of the kernel's clock: `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Node.js runs on. */
const TICK_MS = 10;

/** When the process started, in clock ticks since boot; null if it is gone or there is no `/proc`. */
export function startTimeOf(pid: number): number | null {
  return statOf(pid)?.startTime ?? null;
}

/** The kernel's state letter of a process (`R`, `S`, `D`, `T`, `Z` …); null if it is gone or there is no `/proc`. */
export function processState(pid: number): string | null {
  return statOf(pid)?.state ?? null;
}

interface MainThread {
  readonly state: string;
  /** In steps of 10 ms. */
  readonly cpuMs: number;
  /** On a run queue, without a CPU; 0 where the kernel does not count it. */
  readonly waitedMs: number;
}

/** What the main thread of a process does; null if it is gone or there is no `/proc`. */
export function mainThreadOf({ pid, startTime }: { readonly pid: number; readonly startTime: number | null }): MainThread | null {
  const stat = statOf(pid, `/task/${pid}`);
  if (stat === null || isDead(stat.state) || (startTime !== null && stat.startTime !== startTime)) return null;
  return { state: stat.state, cpuMs: stat.cpuMs, waitedMs: waitedMsOf(pid) };
}

/** The second number of `schedstat`: nanoseconds on a run queue. */
function waitedMsOf(pid: number): number {
  try {
    return Math.floor(Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e6) || 0;
  } catch {
    return 0;
  }
}

/** User and system time of a process and of its children that have ended, in steps of 10 ms; null if it is gone or there is no `/proc`. */
export function cpuTimeOf(pid: number): number | null {
  const stat = statOf(pid);
  return stat === null ? null : stat.cpuMs + stat.childrenCpuMs;
}

const SHELL = /^-?(?:ba|da|a|k|z)?sh$/;

/** Whether a process is a shell. */
export const isShell = (pid: number): boolean => SHELL.test(basename(commandOf(pid)[0] ?? ''));

/** The pid of its parent; null if it is gone or there is no `/proc`. */
export function parentOf(pid: number): number | null {
  return statOf(pid)?.ppid ?? null;
}

/** Whether this process is running. A zombie is not; a different start time means that the pid was reused. */
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

/** The session of a process; null if it is gone or there is no `/proc`. */
export function sessionOf(pid: number): number | null {
  return statOf(pid)?.session ?? null;
}

/** The living processes of a session. @throws Error if `/proc` cannot be read now, for want of descriptors */
export function processesOfSession(session: number): ProcessId[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((name) => {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null;
    return stat === null || stat.session !== session || isDead(stat.state) ? [] : [{ pid: stat.pid, startTime: stat.startTime }];
  });
}

/** The words of its command line; none if it is gone or there is no `/proc`. */
export function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .filter((word) => word !== '');
  } catch {
    return [];
  }
}

/** The absolute paths in its command line, with links resolved; without those that lead nowhere. */
export function commandPathsOf(pid: number): string[] {
  return commandOf(pid).flatMap((word) => (word.startsWith('/') ? (resolved(word) ?? []) : []));
}

function resolved(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** All descendants, parents first. Linux only. Misses processes that were reparented because their parent ended. */
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

/** Which of these processes get no signal. */
type Spare = (tree: readonly ProcessId[]) => ReadonlySet<number>;
const NONE: ReadonlySet<number> = new Set();

/** Sends a signal to a process, then to all its descendants; ignores those that have ended. */
export function killTree(pid: number, signal: NodeJS.Signals, spare: Spare = () => NONE): void {
  if (!isPid(pid) || pid === 1) return;
  const tree = descendantsOf(pid);
  const spared = spare(tree);
  const victims = tree.filter((one) => !spared.has(one.pid));
  sendSignal(pid, signal);
  const known = new Set(tree.map((one) => one.pid));
  for (const victim of victims) {
    if (startTimeOf(victim.pid) !== victim.startTime) continue;
    // Also include what it has forked since the list was made.
    const late = descendantsOf(victim.pid).filter((one) => !known.has(one.pid));
    const lateSpared = late.length === 0 ? NONE : spare(late);
    for (const one of late) {
      known.add(one.pid);
      if (!lateSpared.has(one.pid)) victims.push(one);
    }
    sendSignal(victim.pid, signal);
  }
}

/** Sends a signal; nothing happens if the process has ended, or belongs to somebody else. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** Sends a signal to all processes of a group; nothing happens if there are none. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  if (isPid(leader) && leader !== 1) sendSignal(-leader, signal);
}

/** `kill` treats 0 and negative numbers as process groups. */
function isPid(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 0;
}

function isDead(state: string): boolean {
  return state === 'Z' || state === 'X' || state === 'x';
}

function statOf(pid: number, thread = ''): ProcessStat | null {
  if (process.platform !== 'linux') return null;
  try {
    return parseStat(readFileSync(`/proc/${pid}${thread}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

/** Parses `/proc/<pid>/stat`. The name in parentheses may contain spaces and parentheses. */
export function parseStat(text: string): ProcessStat | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, ppid, , session] = fields;
  const startTime = Number(fields[19]);
  if (state === undefined || ppid === undefined || session === undefined || !Number.isFinite(startTime)) return null;
  const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  const childrenCpuMs = (Number(fields[13]) + Number(fields[14])) * TICK_MS;
  return { pid: Number.parseInt(text, 10), state, ppid: Number(ppid), session: Number(session), startTime, cpuMs, childrenCpuMs };
}

/** Direct children from the kernel's lists, one per thread; null if the kernel has none (CONFIG_PROC_CHILDREN). */
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
  for (const name of namesIn('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null;
    if (stat === null) continue;
    const siblings = byParent.get(stat.ppid);
    if (siblings === undefined) byParent.set(stat.ppid, [stat]);
    else siblings.push(stat);
  }
  return byParent;
}

/** None if it cannot be read now, for want of descriptors. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
