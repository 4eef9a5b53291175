import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UsageSampler } from '../../src/system/usage.ts';
import { endChildren, startNode } from './children.ts';

afterEach(endChildren);

const IDLE = 'console.log(1); setInterval(() => {}, 1e6)';
const BUSY = 'console.log(1); for (;;);';

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

describe.runIf(process.platform === 'linux')('UsageSampler', () => {
  it('measures CPU time since the start and resident memory', async () => {
    const sampler = new UsageSampler();
    const busy = (await startNode(BUSY)).pid;
    const idle = (await startNode(IDLE)).pid;
    const first = await sampler.sample([busy, idle]);
    expect([...first.keys()]).toEqual([busy, idle]);
    const resident = residentBytes(idle);
    expect(Math.abs((first.get(idle)?.memoryBytes ?? 0) - resident)).toBeLessThan(0.1 * resident);
    await vi.waitFor(
      async () => {
        const next = await sampler.sample([busy, idle]);
        expect(next.get(busy)?.cpuMs).toBeGreaterThan((first.get(busy)?.cpuMs ?? Infinity) + 200);
        expect(next.get(idle)?.cpuMs).toBeLessThan((first.get(idle)?.cpuMs ?? 0) + 200);
      },
      { timeout: 10_000, interval: 100 },
    );
  }, 15_000);

  it('leaves out what is dead, alone and among others', async () => {
    const sampler = new UsageSampler();
    const { child, pid } = await startNode(IDLE);
    await sampler.sample([pid, process.pid]);
    child.kill('SIGKILL');
    await vi.waitFor(async () => expect((await sampler.sample([pid])).size).toBe(0));
    expect([...(await sampler.sample([pid, process.pid, 2 ** 22 + 1])).keys()]).toEqual([process.pid]);
    expect((await sampler.sample([])).size).toBe(0);
  });

  it('asks again for a pid that was forgotten', async () => {
    const sampler = new UsageSampler();
    const { pid } = await startNode(IDLE);
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const ask = vi.fn(() => Promise.reject(new Error('gone')));
      vi.doMock('pidusage', () => ({ default: ask }));
      expect((await sampler.sample([pid])).size).toBe(0);
      const asked = ask.mock.calls.length;
      await sampler.sample([pid]);
      expect(ask).toHaveBeenCalledTimes(asked);
      sampler.forget(pid);
      await sampler.sample([pid]);
      expect(ask.mock.calls.length).toBeGreaterThan(asked);
    } finally {
      vi.doUnmock('pidusage');
      vi.useRealTimers();
    }
  });
});
