import { execFileSync } from 'node:child_process';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ownUmask } from '../../src/system/umask.ts';

const fs = vi.hoisted(() => ({ isThere: true }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const readFileSync = (...given: Parameters<typeof real.readFileSync>): unknown => {
    if (!fs.isThere) throw new Error('no /proc');
    return real.readFileSync(...given);
  };
  return { ...real, readFileSync };
});

it.each([true, false])('is read, and left as it is (with /proc: %s)', (isThere) => {
  fs.isThere = isThere;
  onTestFinished(() => void (fs.isThere = true));
  // Vitest's threads may not change it.
  const set = vi.spyOn(process, 'umask').mockReturnValue(0o027);
  onTestFinished(() => set.mockRestore());
  const inherited = Number.parseInt(execFileSync('sh', ['-c', 'umask'], { encoding: 'utf8' }), 8);
  expect(ownUmask()).toBe(isThere ? inherited : 0o027);
  expect(set.mock.calls).toEqual(isThere ? [] : [[0o077], [0o027]]);
});
