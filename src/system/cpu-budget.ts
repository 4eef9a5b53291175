import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cgroupDirectories, readText } from './cgroups.ts';

export interface CpuBudgetOptions {
  /** Where `/proc` and `/sys` are looked for; default `/`. */
  readonly root?: string;
  /** CPUs this process may be scheduled on; default what the system tells. */
  readonly parallelism?: number;
}

/**
 * How many workers can compute at the same time: the CPUs there are, or the smallest quota of all cgroups this process
 * is in if that is less, rounded up and at least 1. Node 20 ignores quotas, later ones those below one CPU and cgroup v1.
 */
export function cpuBudget(options: CpuBudgetOptions = {}): number {
  const root = options.root ?? '/';
  const parallelism = options.parallelism ?? availableParallelism();
  const quotas = cgroupDirectories(root, 'cpu').map((group) => (group.version === 2 ? quotaV2(group.path) : quotaV1(group.path)));
  return Math.max(1, Math.ceil(Math.min(parallelism, ...quotas)));
}

/** `cpu.max`: `"<quota µs> <period µs>"`, or `"max …"`. */
function quotaV2(directory: string): number {
  const [quota, period] = readText(join(directory, 'cpu.max')).trim().split(' ');
  return share(quota, period);
}

function quotaV1(directory: string): number {
  return share(readText(join(directory, 'cpu.cfs_quota_us')).trim(), readText(join(directory, 'cpu.cfs_period_us')).trim());
}

/** Anything but two positive numbers (`max`, `-1`, no file) is no limit. */
function share(quota: string | undefined, period: string | undefined): number {
  const cpus = Number(quota || NaN) / Number(period || NaN);
  return cpus > 0 ? cpus : Infinity;
}
