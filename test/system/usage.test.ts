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
  it('measures CPU in percent of one core from the second sample on, and resident memory in bytes', async () => {
    const sampler = new UsageSampler();
    const busy = (await startNode(BUSY)).pid;
    const idle = (await startNode(IDLE)).pid;
    const first = await sampler.sample([busy, idle]);
    expect([...first.keys()]).toEqual([busy, idle]);
    expect(first.get(busy)?.cpuPercent).toBeNull();
    const resident = residentBytes(idle);
    expect(Math.abs((first.get(idle)?.memoryBytes ?? 0) - resident)).toBeLessThan(0.1 * resident);
    await vi.waitFor(
      async () => {
        const next = await sampler.sample([busy, idle]);
        expect(next.get(busy)?.cpuPercent).toBeGreaterThan(25);
        expect(next.get(busy)?.cpuPercent).toBeLessThan(130);
        expect(next.get(idle)?.cpuPercent).toBeLessThan(25);
      },
      { timeout: 10_000, interval: 300 },
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

  it('begins anew with a process that was forgotten', async () => {
    const sampler = new UsageSampler();
    await sampler.sample([process.pid]);
    expect((await sampler.sample([process.pid])).get(process.pid)?.cpuPercent).not.toBeNull();
    sampler.forget(process.pid);
    expect((await sampler.sample([process.pid])).get(process.pid)?.cpuPercent).toBeNull();
  });
});
