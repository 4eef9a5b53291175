import type pidusage from 'pidusage';
import { now } from './clock.ts';
import { treeUsage, type ProcessUsage } from './tree-usage.ts';

type Pidusage = typeof pidusage;
type Stat = pidusage.Status;

/** pidusage keeps the file of a pid open for this long after its last use. */
const MAX_AGE_MS = 2_000;

/** Samples CPU and memory of processes. */
export class UsageSampler {
  /** When a pid that was gone may be sampled again. */
  readonly #gone = new Map<number, number>();
  #pidusage: Pidusage | null = null;

  /** Usage by pid; processes that are gone are missing. */
  async sample(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
    const asked = pids.filter((pid) => now() >= (this.#gone.get(pid) ?? 0));
    const usage = new Map<number, ProcessUsage>();
    if (asked.length === 0) return usage;
    const stats = await this.#ask(asked);
    for (const pid of asked) {
      const stat = stats.get(pid);
      if (stat !== undefined) usage.set(pid, { cpuMs: stat.ctime, memoryBytes: stat.memory });
      // pidusage may hold the file of an earlier process with this pid, and closes it only if not asked for a while.
      else this.#gone.set(pid, now() + 2 * MAX_AGE_MS);
    }
    return usage;
  }

  /** Of a process with all its descendants; null if it is gone. */
  ofTree(pid: number): ProcessUsage | null {
    return treeUsage(pid);
  }

  /** Call this as soon as a process has exited. */
  forget(pid: number): void {
    this.#gone.delete(pid);
  }

  async #ask(pids: readonly number[]): Promise<Map<number, Stat>> {
    const pidusage = (this.#pidusage ??= await load());
    const stats = new Map<number, Stat>();
    try {
      const all = await pidusage([...pids], { maxage: MAX_AGE_MS });
      for (const pid of pids) if (all[pid] !== undefined && all[pid] !== null) stats.set(pid, all[pid]);
      return stats;
    } catch {
      // A process that has just ended can fail the whole batch.
    }
    for (const pid of pids) {
      const stat = await pidusage(pid, { maxage: MAX_AGE_MS }).catch(() => undefined);
      if (stat !== undefined) stats.set(pid, stat);
    }
    return stats;
  }
}

async function load(): Promise<Pidusage> {
  // Silences its warnings on our stderr.
  process.env['PIDUSAGE_SILENT'] = '1';
  return (await import('pidusage')).default;
}
