import { join } from 'node:path';
import { cgroupDirectories, readText } from './cgroups.ts';

/** A memory limit and its usage, without cache that the kernel can reclaim at once. */
export interface MemoryRoom {
  readonly limitBytes: number;
  readonly usedBytes: number;
  readonly source: 'cgroup' | 'machine';
}

export interface MemoryRoomOptions {
  /** Parent of `proc` and `sys`; default `/`. */
  readonly root?: string;
}

/** The limit closest to being reached: the machine's memory, or that of a cgroup this process is in. Null if unknown. */
export function memoryRoom({ root = '/' }: MemoryRoomOptions = {}): MemoryRoom | null {
  let tightest: MemoryRoom | null = null;
  for (const room of roomsOf(root)) if (tightest === null || usedShare(room) > usedShare(tightest)) tightest = room;
  return tightest;
}

/** Bytes left until the first limit is reached; negative if it is exceeded. Null if unknown. */
export function memoryLeftBytes({ root = '/' }: MemoryRoomOptions = {}): number | null {
  const rooms = roomsOf(root);
  return rooms.length === 0 ? null : Math.min(...rooms.map(({ limitBytes, usedBytes }) => limitBytes - usedBytes));
}

/**
 * Returns a reader of the kernel's count of out-of-memory kills: in this process's cgroup and below, or on the whole machine if
 * the cgroup has no count. Null if unknown. Only the difference between two readings is meaningful.
 */
export function oomKillCounter({ root = '/' }: MemoryRoomOptions = {}): () => number | null {
  const groups = cgroupDirectories(root, 'memory').map(({ version, path }) => join(path, version === 2 ? 'memory.events' : 'memory.oom_control'));
  const file = [...groups, join(root, 'proc/vmstat')].find((path) => valueOf(readText(path), 'oom_kill') !== null);
  return () => (file === undefined ? null : valueOf(readText(file), 'oom_kill'));
}

/** Threshold in percent of the last warning; 0 for none. */
export type MemoryAlarm = 0 | 90 | 95;

const REARMED_BELOW = 0.85;

/** The alarm for the current usage. It resets only below 85 %, so that usage around a threshold does not warn repeatedly. */
export function memoryWarning(previous: MemoryAlarm, room: MemoryRoom): MemoryAlarm {
  const share = usedShare(room);
  if (share < REARMED_BELOW) return 0;
  if (share >= 0.95) return 95;
  return share >= 0.9 && previous === 0 ? 90 : previous;
}

function roomsOf(root: string): MemoryRoom[] {
  const rooms = cgroupDirectories(root, 'memory').map((group) => (group.version === 2 ? roomV2(group.path) : roomV1(group.path)));
  return [machineRoom(root), ...rooms].filter((room) => room !== null);
}

function usedShare({ usedBytes, limitBytes }: MemoryRoom): number {
  return usedBytes / limitBytes;
}

function machineRoom(root: string): MemoryRoom | null {
  const text = readText(join(root, 'proc/meminfo'));
  const [total, available] = [valueOf(text, 'MemTotal:'), valueOf(text, 'MemAvailable:')];
  if (total === null || available === null) return null;
  return roomOf(total * 1024, (total - available) * 1024, 'machine');
}

function roomV2(directory: string): MemoryRoom | null {
  const cache = valueOf(readText(join(directory, 'memory.stat')), 'inactive_file');
  return roomOf(numberIn(join(directory, 'memory.max')), numberIn(join(directory, 'memory.current')) - (cache ?? 0), 'cgroup');
}

function roomV1(directory: string): MemoryRoom | null {
  const cache = valueOf(readText(join(directory, 'memory.stat')), 'total_inactive_file');
  return roomOf(numberIn(join(directory, 'memory.limit_in_bytes')), numberIn(join(directory, 'memory.usage_in_bytes')) - (cache ?? 0), 'cgroup');
}

/** Null if there is no limit (`max`, no file). */
function roomOf(limitBytes: number, usedBytes: number, source: MemoryRoom['source']): MemoryRoom | null {
  return limitBytes > 0 && Number.isFinite(usedBytes) ? { limitBytes, usedBytes: Math.max(0, usedBytes), source } : null;
}

/** The number after a word at the start of a line; null if there is none. */
function valueOf(text: string, word: string): number | null {
  const line = text.split('\n').find((one) => one.startsWith(`${word} `));
  const value = Number.parseInt(line?.slice(word.length) ?? '', 10);
  return Number.isNaN(value) ? null : value;
}

function numberIn(path: string): number {
  return Number.parseInt(readText(path), 10);
}
