import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MemoryWatch } from '../../src/daemon/memory-watch.ts';
import type { MemoryRoom } from '../../src/system/memory-room.ts';

const MB = 1024 ** 2;
const system = vi.hoisted(() => ({ room: null as unknown }));
vi.mock('../../src/system/memory-room.ts', async (original) => ({
  ...(await original<typeof import('../../src/system/memory-room.ts')>()),
  memoryRoom: () => system.room,
}));

const use = (usedBytes: number, source: MemoryRoom['source'] = 'cgroup'): void => {
  system.room = { usedBytes: usedBytes * MB, limitBytes: 1_000 * MB, source } satisfies MemoryRoom;
};

let warnings: string[];
let watch: MemoryWatch;
beforeEach(() => {
  vi.useFakeTimers();
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
  expect(warnings[0]).toBe("910 MB of 1000 MB of the container's or service's memory limit are in use; when it runs out, the kernel kills processes");
});

it('says whose memory it is, and nothing where the system does not tell', () => {
  watch.start();
  system.room = null;
  vi.advanceTimersByTime(10_000);
  use(990, 'machine');
  vi.advanceTimersByTime(10_000);
  expect(warnings).toEqual([expect.stringContaining("of the machine's memory are in use")]);
});
