import type pidusage from 'pidusage';
import { now } from './clock.ts';
import { isAlive, startTimeOf } from './processes.ts';

/** What one process uses. */
export interface ProcessUsage {
  /** Since the sample before, in percent of one core (two busy threads: 200); null in the first sample. */
  readonly cpuPercent: number | null;
  /** Resident set size. */
  readonly memoryBytes: number;
}

type Pidusage = typeof pidusage;
type Stat = pidusage.Status;

/** pidusage keeps an open file and the last times of a pid for this long after it was last asked for. */
const MAX_AGE_MS = 10_000;

interface Known {
  readonly startTime: number | null;
  /** When it was last sampled; null for never. */
  sampledAt: number | null;
  /** Not asked before this moment. */
  notBefore: number;
}

/**
 * Samples CPU and memory of processes. There must be one per program, and it must be the only user of pidusage: the CPU
 * of a sample counts from whoever asked before.
 */
export class UsageSampler {
  readonly #known = new Map<number, Known>();
  #pidusage: Pidusage | null = null;

  /** One entry for each pid that could be sampled; those that are gone are missing. */
  async sample(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
    const asked = pids.filter((pid) => this.#wanted(pid));
    const usage = new Map<number, ProcessUsage>();
    if (asked.length === 0) return usage;
    const stats = await this.#ask(asked);
    for (const pid of asked) {
      const known = this.#known.get(pid);
      if (known === undefined) continue;
      const stat = stats.get(pid);
      if (stat === undefined) {
        // pidusage still holds the file of an earlier process with this pid, and asking would keep it from letting go.
        known.notBefore = now() + 2 * MAX_AGE_MS;
        known.sampledAt = null;
        continue;
      }
      const isFirst = known.sampledAt === null || now() - known.sampledAt > MAX_AGE_MS;
      usage.set(pid, { cpuPercent: isFirst ? null : stat.cpu, memoryBytes: stat.memory });
      known.sampledAt = now();
    }
    return usage;
  }

  /** To be called as soon as a process has exited. */
  forget(pid: number): void {
    this.#known.delete(pid);
  }

  #wanted(pid: number): boolean {
    const known = this.#known.get(pid);
    if (known !== undefined && isAlive(pid, known.startTime)) return now() >= known.notBefore;
    this.#known.delete(pid);
    if (!isAlive(pid)) return false;
    this.#known.set(pid, { startTime: startTimeOf(pid), sampledAt: null, notBefore: 0 });
    return true;
  }

  async #ask(pids: readonly number[]): Promise<Map<number, Stat>> {
    const pidusage = (this.#pidusage ??= await load());
    const stats = new Map<number, Stat>();
    try {
      const all = await pidusage([...pids], { maxage: MAX_AGE_MS });
      for (const pid of pids) if (all[pid] !== undefined && all[pid] !== null) stats.set(pid, all[pid]);
      return stats;
    } catch {
      // One that has just ended can fail the whole batch.
    }
    for (const pid of pids) {
      const stat = await pidusage(pid, { maxage: MAX_AGE_MS }).catch(() => undefined);
      if (stat !== undefined) stats.set(pid, stat);
    }
    return stats;
  }
}

async function load(): Promise<Pidusage> {
  // It writes warnings to our stderr otherwise.
  process.env.PIDUSAGE_SILENT = '1';
  return (await import('pidusage')).default;
}
