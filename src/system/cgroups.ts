import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export type Controller = 'cpu' | 'memory';

export interface CgroupDirectory {
  readonly version: 1 | 2;
  readonly path: string;
}

/** Directories of all cgroups whose controller can limit this process, from its own up to the mount point. */
export function cgroupDirectories(root: string, controller: Controller): CgroupDirectory[] {
  const own = ownCgroups(readText(join(root, 'proc/self/cgroup')), controller);
  const directories: CgroupDirectory[] = [];
  for (const mount of cgroupMounts(readText(join(root, 'proc/self/mountinfo')), controller)) {
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

/** Path of this process's cgroup per version, from `/proc/self/cgroup`: lines of `id:controllers:path`. */
function ownCgroups(text: string, controller: Controller): Map<1 | 2, string> {
  const own = new Map<1 | 2, string>();
  for (const line of text.split('\n')) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (id === undefined || controllers === undefined || path === undefined) continue;
    if (id === '0' && controllers === '') own.set(2, path);
    else if (controllers.split(',').includes(controller)) own.set(1, path);
  }
  return own;
}

interface CgroupMount {
  readonly version: 1 | 2;
  /** The cgroup that is mounted at `point`. */
  readonly root: string;
  readonly point: string;
}

/** Mounts with the controller, from `/proc/self/mountinfo` (proc(5)). */
function cgroupMounts(text: string, controller: Controller): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ');
    const [, , , root, point] = before?.split(' ') ?? [];
    const [type, , superOptions] = after?.split(' ') ?? [];
    if (root === undefined || point === undefined) continue;
    const place = { root: unescape(root), point: unescape(point) };
    if (type === 'cgroup2') mounts.push({ version: 2, ...place });
    else if (type === 'cgroup' && superOptions?.split(',').includes(controller)) mounts.push({ version: 1, ...place });
  }
  return mounts;
}

/** The path within the mount. A path outside it belongs to another namespace: then this process is below the mount point itself. */
function relativeTo(mountRoot: string, path: string): string {
  if (mountRoot === '/') return path.startsWith('/..') ? '/' : posix.normalize(path);
  if (path === mountRoot) return '/';
  return path.startsWith(`${mountRoot}/`) ? posix.normalize(path.slice(mountRoot.length)) : '/';
}

/** Decodes the octal escapes of spaces and backslashes in mount points. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The text of a file; empty if it can't be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
