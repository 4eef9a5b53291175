import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryLeftBytes, memoryRoom, memoryWarning, oomKillCounter, type MemoryAlarm } from '../../src/system/memory-room.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lb-memory-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const MB = 2 ** 20;
const G = 'sys/fs/cgroup';
const MACHINE = { 'proc/meminfo': 'MemTotal:       4096000 kB\nMemFree:         100000 kB\nMemAvailable:   3072000 kB\nBuffers: 1 kB\n' };
const MACHINE_ROOM = { limitBytes: 4_096_000 * 1024, usedBytes: 1_024_000 * 1024, source: 'machine' };
const V2 = { 'proc/self/mountinfo': '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n', 'proc/self/cgroup': '0::/a/b\n' };
const V1 = {
  'proc/self/mountinfo': '31 23 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n',
  'proc/self/cgroup': '5:memory:/a\n4:cpu:/c\n0::/\n',
};

function files(...sets: Record<string, string>[]): { root: string } {
  for (const [name, content] of Object.entries(Object.assign({}, ...sets) as Record<string, string>)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return { root };
}

const v2 = (path: string, maxMb: number | 'max', currentMb: number, inactiveMb: number): Record<string, string> => ({
  [`${G}${path}/memory.max`]: `${maxMb === 'max' ? maxMb : maxMb * MB}\n`,
  [`${G}${path}/memory.current`]: `${currentMb * MB}\n`,
  [`${G}${path}/memory.stat`]: `anon 1\ninactive_anon 7\ninactive_file ${inactiveMb * MB}\nactive_file 9\n`,
});

const v1 = (path: string, limitBytes: number, usageMb: number, inactiveMb: number): Record<string, string> => ({
  [`${G}/memory${path}/memory.limit_in_bytes`]: `${limitBytes}\n`,
  [`${G}/memory${path}/memory.usage_in_bytes`]: `${usageMb * MB}\n`,
  [`${G}/memory${path}/memory.stat`]: `inactive_file 1\ntotal_inactive_file ${inactiveMb * MB}\n`,
});
const NO_V1_LIMIT = 9_223_372_036_854_771_712;

describe('memoryRoom', () => {
  it('is the machine’s without cgroups, and without a limit in any', () => {
    expect(memoryRoom(files(MACHINE))).toEqual(MACHINE_ROOM);
    expect(memoryRoom(files(V2, v2('/a/b', 'max', 500, 0), v2('/a', 'max', 500, 0)))).toEqual(MACHINE_ROOM);
    expect(memoryRoom(files(V1, v1('/a', NO_V1_LIMIT, 500, 0), v1('', NO_V1_LIMIT, 900, 0)))).toEqual(MACHINE_ROOM);
  });

  it('is that of the own cgroup (v2) when it is fuller, without the cache that can be given back', () => {
    expect(memoryRoom(files(MACHINE, V2, v2('/a/b', 1_000, 900, 300)))).toEqual({ limitBytes: 1_000 * MB, usedBytes: 600 * MB, source: 'cgroup' });
  });

  it('is the machine’s when the cgroup has more room', () => {
    expect(memoryRoom(files(MACHINE, V2, v2('/a/b', 1_000, 300, 100)))).toEqual(MACHINE_ROOM);
  });

  it('is that of an ancestor whose other children used it up', () => {
    const room = memoryRoom(files(MACHINE, V2, v2('/a/b', 1_000, 400, 0), v2('/a', 2_000, 1_900, 0), v2('/other', 10, 10, 0)));
    expect(room).toEqual({ limitBytes: 2_000 * MB, usedBytes: 1_900 * MB, source: 'cgroup' });
  });

  it('is that of a v1 cgroup', () => {
    const room = memoryRoom(files(MACHINE, V1, v1('/a', 512 * MB, 500, 20), v1('', NO_V1_LIMIT, 900, 0)));
    expect(room).toEqual({ limitBytes: 512 * MB, usedBytes: 480 * MB, source: 'cgroup' });
  });

  it('is unknown where nothing tells', () => {
    expect(memoryRoom(files())).toBeNull();
    expect(oomKillCounter(files())()).toBeNull();
    expect(memoryRoom(files(V2, { [`${G}/a/b/memory.max`]: 'nonsense' }, { 'proc/meminfo': 'nonsense' }))).toBeNull();
  });

  it.runIf(process.platform === 'linux')('is told by this machine', () => {
    const room = memoryRoom();
    expect(room?.usedBytes).toBeGreaterThan(0);
    expect(room?.usedBytes).toBeLessThan(room?.limitBytes ?? 0);
    expect(room?.limitBytes).toBeLessThanOrEqual(totalmem());
    expect(oomKillCounter()()).toBeGreaterThanOrEqual(0);
  });
});

describe('memoryLeftBytes', () => {
  it('is what the nearest limit leaves, which need not be the fullest one', () => {
    expect(memoryLeftBytes(files(MACHINE))).toBe(3_072_000 * 1024);
    expect(memoryLeftBytes(files(MACHINE, V2, v2('/a/b', 100, 10, 0)))).toBe(90 * MB);
    expect(memoryRoom({ root })).toEqual(MACHINE_ROOM);
  });

  it('is below 0 when a limit is exceeded, and unknown where nothing tells', () => {
    expect(memoryLeftBytes(files(V2, v2('/a/b', 100, 120, 0)))).toBe(-20 * MB);
    expect(memoryLeftBytes({ root: join(root, 'nowhere') })).toBeNull();
  });
});

describe('oomKillCounter', () => {
  it.each([
    ['the own cgroup (v2)', V2, { [`${G}/a/b/memory.events`]: 'low 0\noom 5\noom_kill 3\noom_group_kill 1\n' }, 3],
    ['the next cgroup above that has the controller', V2, { [`${G}/a/memory.events`]: 'oom_kill 4\n' }, 4],
    ['a v1 cgroup', V1, { [`${G}/memory/a/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n' }, 2],
    ['the machine', V2, {}, 9],
  ])('counts those of %s', (_, system, counters, kills) => {
    const count = oomKillCounter(files(system, { 'proc/vmstat': 'pgfault 1\noom_kill 9\n' }, counters));
    expect([count(), count()]).toEqual([kills, kills]);
  });
});

describe('memoryWarning', () => {
  const told = (...percents: number[]): MemoryAlarm[] => {
    let alarm: MemoryAlarm = 0;
    return percents.map((percent) => (alarm = memoryWarning(alarm, { limitBytes: 100, usedBytes: percent, source: 'machine' })));
  };

  it('rises at 90 % and at 95 %, once each', () => {
    expect(told(89.9, 90, 94, 95, 99)).toEqual([0, 90, 90, 95, 95]);
    expect(told(97, 91)).toEqual([95, 95]);
  });

  it('is armed again below 85 %', () => {
    expect(told(95, 85, 90, 84.9, 86, 90)).toEqual([95, 95, 95, 0, 0, 90]);
  });
});
