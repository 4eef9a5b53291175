import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, posix } from 'node:path';

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
  const quotas = cgroupDirectories(root).map((group) => (group.version === 2 ? quotaV2(group.path) : quotaV1(group.path)));
  return Math.max(1, Math.ceil(Math.min(parallelism, ...quotas)));
}

interface CgroupDirectory {
  readonly version: 1 | 2;
  readonly path: string;
}

/** The directory of every cgroup, from the process's own up to the top of the mount, that can limit its CPU. */
function cgroupDirectories(root: string): CgroupDirectory[] {
  const own = ownCgroups(read(join(root, 'proc/self/cgroup')));
  const directories: CgroupDirectory[] = [];
  for (const mount of cgroupMounts(read(join(root, 'proc/self/mountinfo')))) {
    const path = own.get(mount.version);
    if (path === undefined) continue;
    const inMount = relativeTo(mount.root, path);
    for (let group = inMount; ; group = posix.dirname(group)) {
      directories.push({ version: mount.version, path: join(root, mount.point, group) });
      if (group === '/') break;
    }
  }
  return directories;
}

/** Path of this process's cgroup by version, from `/proc/self/cgroup`: lines of `id:controllers:path`. */
function ownCgroups(text: string): Map<1 | 2, string> {
  const own = new Map<1 | 2, string>();
  for (const line of text.split('\n')) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (id === undefined || controllers === undefined || path === undefined) continue;
    if (id === '0' && controllers === '') own.set(2, path);
    else if (controllers.split(',').includes('cpu')) own.set(1, path);
  }
  return own;
}

interface CgroupMount {
  readonly version: 1 | 2;
  /** Which cgroup is mounted at the point. */
  readonly root: string;
  readonly point: string;
}

/** Mounts that carry the cpu controller, from `/proc/self/mountinfo` (proc(5)). */
function cgroupMounts(text: string): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ');
    const [, , , root, point] = before?.split(' ') ?? [];
    const [type, , superOptions] = after?.split(' ') ?? [];
    if (root === undefined || point === undefined) continue;
    const place = { root: unescape(root), point: unescape(point) };
    if (type === 'cgroup2') mounts.push({ version: 2, ...place });
    else if (type === 'cgroup' && superOptions?.split(',').includes('cpu')) mounts.push({ version: 1, ...place });
  }
  return mounts;
}

/** A path that is not below the mounted cgroup (another namespace's) leaves the top of the mount, which we are below. */
function relativeTo(mountRoot: string, path: string): string {
  if (mountRoot === '/') return path.startsWith('/..') ? '/' : posix.normalize(path);
  if (path === mountRoot) return '/';
  return path.startsWith(`${mountRoot}/`) ? posix.normalize(path.slice(mountRoot.length)) : '/';
}

/** `cpu.max`: `"<quota µs> <period µs>"`, or `"max …"`. */
function quotaV2(directory: string): number {
  const [quota, period] = read(join(directory, 'cpu.max')).trim().split(' ');
  return share(quota, period);
}

function quotaV1(directory: string): number {
  return share(read(join(directory, 'cpu.cfs_quota_us')).trim(), read(join(directory, 'cpu.cfs_period_us')).trim());
}

/** Anything but two positive numbers (`max`, `-1`, no file) is no limit. */
function share(quota: string | undefined, period: string | undefined): number {
  const cpus = Number(quota || NaN) / Number(period || NaN);
  return cpus > 0 ? cpus : Infinity;
}

/** Mount points have blanks and backslashes as octal escapes. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
