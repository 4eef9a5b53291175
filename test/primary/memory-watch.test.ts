import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MemoryWatch } from '../../src/primary/memory-watch.ts';
import type { MemoryRoom } from '../../src/system/memory-room.ts';

const MB = 1024 ** 2;
const system = vi.hoisted(() => ({ room: null as unknown, kills: 0 as number | null }));
vi.mock('../../src/system/memory-room.ts', async (original) => ({
  ...(await original<typeof import('../../src/system/memory-room.ts')>()),
  memoryRoom: () => system.room,
  oomKills: () => system.kills,
}));

const use = (usedBytes: number, source: MemoryRoom['source'] = 'cgroup'): void => {
  system.room = { usedBytes: usedBytes * MB, limitBytes: 1_000 * MB, source } satisfies MemoryRoom;
};

let warnings: string[];
let watch: MemoryWatch;
beforeEach(() => {
  vi.useFakeTimers();
  system.kills = 0;
  warnings = [];
  watch = new MemoryWatch((message) => warnings.push(message));
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

it('warns once per step towards the limit, and anew when there was room in between', () => {
  watch.start();
  for (const used of [500, 910, 940, 960, 970, 700, 920]) {
    use(used);
    vi.advanceTimersByTime(10_000);
  }
  expect(warnings.map((text) => text.split(' of ')[0])).toEqual(['910 MB', '960 MB', '920 MB']);
  expect(warnings[0]).toBe("910 MB of 1000 MB of the container's or service's memory limit are used; at its end the kernel kills processes");
});

it('says whose memory it is, and nothing where the system does not tell', () => {
  watch.start();
  system.room = null;
  vi.advanceTimersByTime(10_000);
  use(990, 'machine');
  vi.advanceTimersByTime(10_000);
  expect(warnings).toEqual([expect.stringContaining("of the machine's memory are used")]);
});

it('knows whether the kernel has just killed, for all workers that end with it', () => {
  expect(watch.killedForMemory()).toBe(false);
  system.kills = 2;
  expect([watch.killedForMemory(), watch.killedForMemory()]).toEqual([true, true]);
  vi.advanceTimersByTime(1_000);
  expect(watch.killedForMemory()).toBe(false);
  system.kills = null;
  expect(watch.killedForMemory()).toBe(false);
});

it('does not blame a kill of long ago for a SIGKILL of now', () => {
  watch.start();
  system.kills = 1;
  vi.advanceTimersByTime(20_000);
  expect(watch.killedForMemory()).toBe(false);
});
