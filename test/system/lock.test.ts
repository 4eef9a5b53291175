import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acquireLock } from '../../src/system/lock.ts';
import { endChildren, startNode } from './children.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lb-lock-'));
});
afterEach(async () => {
  await endChildren();
  rmSync(dir, { recursive: true });
});

describe('acquireLock', () => {
  it('lets one have a name, and the next when that one lets go', async () => {
    const name = `test ${dir}`;
    const [first, second] = await Promise.all([acquireLock(name), acquireLock(name)]);
    expect([first, second].filter((lock) => lock !== null)).toHaveLength(1);
    const other = await acquireLock(`${name} other`);
    expect(other).not.toBeNull();
    other?.release();
    (first ?? second)?.release();
    const third = await vi.waitFor(async () => {
      const lock = await acquireLock(name);
      expect(lock).not.toBeNull();
      return lock;
    });
    third?.release();
  });

  it('locks a directory, not its name', async () => {
    const lock = await acquireLock(dir);
    const moved = `${dir}-moved`;
    renameSync(dir, moved);
    expect(await acquireLock(moved)).toBeNull();
    renameSync(moved, dir);
    lock?.release();
  });
});

/** Our names as the kernel shows them: `@` for a zero. */
function abstractNames(): string[] {
  return readFileSync('/proc/net/unix', 'latin1')
    .split('\n')
    .flatMap((line) => /@lb-\d+-[0-9a-f]{14}.*$/.exec(line)?.[0] ?? []);
}

describe.runIf(process.platform === 'linux')('the abstract socket', () => {
  it('has a name that every version of Node makes the same', async () => {
    const before = abstractNames();
    const lock = await acquireLock(dir);
    const added = abstractNames().filter((name) => !before.includes(name));
    lock?.release();
    expect(added.length).toBeGreaterThan(0);
    // Node 20 fills a shorter one up with zeros, later versions do not.
    for (const name of added) expect([name.length, name.includes('@', 1)]).toEqual([108, false]);
  });

  it('is free again when its holder is killed, and does not keep a process running', async () => {
    const program = join(dir, 'lock.cjs');
    const source = fileURLToPath(new URL('../../src/system/lock.ts', import.meta.url));
    buildSync({ entryPoints: [source], bundle: true, platform: 'node', format: 'cjs', outfile: program });
    const take = `require(${JSON.stringify(program)}).acquireLock(${JSON.stringify(dir)}).then((lock) => console.log(lock !== null));`;

    const holder = await startNode(`${take} setInterval(() => {}, 1e6);`);
    expect(holder.line).toBe('true');
    expect(await acquireLock(dir)).toBeNull();
    holder.child.kill('SIGKILL');
    await once(holder.child, 'exit');
    const next = await startNode(take);
    expect(next.line).toBe('true');
    if (next.child.exitCode === null) await once(next.child, 'exit');
    expect(next.child.exitCode).toBe(0);
  });
});
