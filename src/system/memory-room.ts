import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A limit on memory and what of it is used; cache that can be given back at once is not. */
export interface MemoryRoom {
  readonly limitBytes: number;
  readonly usedBytes: number;
  readonly source: 'cgroup' | 'machine';
}

export interface MemoryRoomOptions {
  /** Where `/proc` and `/sys` are looked for; default `/`. */
  readonly root?: string;
}

/**
 * The limit that is nearest to its end: the machine's memory, or that of a cgroup this process is in. Null where the
 * system does not tell.
 */
export function memoryRoom({ root = '/' }: MemoryRoomOptions = {}): MemoryRoom | null {
  const rooms = cgroupDirectories(root, 'memory').map((group) => (group.version === 2 ? roomV2(group.path) : roomV1(group.path)));
  let tightest: MemoryRoom | null = null;
  for (const room of [machineRoom(root), ...rooms]) {
    if (room !== null && (tightest === null || usedShare(room) > usedShare(tightest))) tightest = room;
  }
  return tightest;
}

/**
 * How often the kernel has killed for want of memory in this process's cgroup and below it, whatever limit was the
 * cause; on the whole machine where the cgroup does not count. Null where nobody does. Only the difference between two
 * readings means something.
 */
export function oomKills({ root = '/' }: MemoryRoomOptions = {}): number | null {
  for (const { version, path } of cgroupDirectories(root, 'memory')) {
    const kills = valueOf(read(join(path, version === 2 ? 'memory.events' : 'memory.oom_control')), 'oom_kill');
    if (kills !== null) return kills;
  }
  return valueOf(read(join(root, 'proc/vmstat')), 'oom_kill');
}

/** Percent of the room that was warned about last; 0 for none. */
export type MemoryAlarm = 0 | 90 | 95;

const REARMED_BELOW = 0.85;

/** The alarm now. A rise is to be told; it falls back to 0 only below 85 %, so that a room at its edge is not told of again and again. */
export function memoryWarning(previous: MemoryAlarm, room: MemoryRoom): MemoryAlarm {
  const share = usedShare(room);
  if (share < REARMED_BELOW) return 0;
  if (share >= 0.95) return 95;
  return share >= 0.9 && previous === 0 ? 90 : previous;
}

function usedShare({ usedBytes, limitBytes }: MemoryRoom): number {
  return usedBytes / limitBytes;
}

function machineRoom(root: string): MemoryRoom | null {
  const text = read(join(root, 'proc/meminfo'));
  const [total, available] = [valueOf(text, 'MemTotal:'), valueOf(text, 'MemAvailable:')];
  if (total === null || available === null) return null;
  return roomOf(total * 1024, (total - available) * 1024, 'machine');
}

function roomV2(directory: string): MemoryRoom | null {
  const cache = valueOf(read(join(directory, 'memory.stat')), 'inactive_file');
  return roomOf(numberIn(join(directory, 'memory.max')), numberIn(join(directory, 'memory.current')) - (cache ?? 0), 'cgroup');
}

function roomV1(directory: string): MemoryRoom | null {
  const cache = valueOf(read(join(directory, 'memory.stat')), 'total_inactive_file');
  return roomOf(numberIn(join(directory, 'memory.limit_in_bytes')), numberIn(join(directory, 'memory.usage_in_bytes')) - (cache ?? 0), 'cgroup');
}

/** Null for a limit that is none: `max`, no file. */
function roomOf(limitBytes: number, usedBytes: number, source: MemoryRoom['source']): MemoryRoom | null {
  return limitBytes > 0 && Number.isFinite(usedBytes) ? { limitBytes, usedBytes: Math.max(0, usedBytes), source } : null;
}

/** The number after a word at the beginning of a line; null when there is none. */
function valueOf(text: string, word: string): number | null {
  const line = text.split('\n').find((one) => one.startsWith(`${word} `));
  const value = Number.parseInt(line?.slice(word.length) ?? '', 10);
  return Number.isNaN(value) ? null : value;
}

function numberIn(path: string): number {
  return Number.parseInt(read(path), 10);
}

type Controller = 'cpu' | 'memory';

interface CgroupDirectory {
  readonly version: 1 | 2;
  readonly path: string;
}

/** The directory of every cgroup, from the process's own up to the top of the mount, that a controller can limit it by. */
function cgroupDirectories(root: string, controller: Controller): CgroupDirectory[] {
  const own = ownCgroups(read(join(root, 'proc/self/cgroup')), controller);
  const directories: CgroupDirectory[] = [];
  for (const mount of cgroupMounts(read(join(root, 'proc/self/mountinfo')), controller)) {
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
  /** Which cgroup is mounted at the point. */
  readonly root: string;
  readonly point: string;
}

/** Mounts that carry the controller, from `/proc/self/mountinfo` (proc(5)). */
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

/** A path that is not below the mounted cgroup (another namespace's) leaves the top of the mount, which we are below. */
function relativeTo(mountRoot: string, path: string): string {
  if (mountRoot === '/') return path.startsWith('/..') ? '/' : posix.normalize(path);
  if (path === mountRoot) return '/';
  return path.startsWith(`${mountRoot}/`) ? posix.normalize(path.slice(mountRoot.length)) : '/';
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
