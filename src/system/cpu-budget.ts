import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cgroupDirectories, readText } from './cgroups.ts';

export interface CpuBudgetOptions {
  /** Parent of `proc` and `sys`; default `/`. */
  readonly root?: string;
  /** Default: `os.availableParallelism()`. */
  readonly parallelism?: number;
}

/**
 * Number of workers that can run in parallel: the available CPUs, or the lowest cgroup quota if that is less; rounded up, at
 * least 1. Node.js 20 ignores quotas; later versions ignore cgroup v1 and quotas below one CPU.
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

/** Infinity unless both are positive numbers (`max`, `-1`, no file). */
function share(quota: string | undefined, period: string | undefined): number {
  const cpus = Number(quota || NaN) / Number(period || NaN);
  return cpus > 0 ? cpus : Infinity;
}
