import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeHomeSecret } from '../../src/system/home-secret.ts';
import { abstractNamesOf, acquireLock, type Holder, type Lock } from '../../src/system/lock.ts';
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

describe.runIf(process.platform === 'linux')('a name that another user holds', () => {
  const foreign = new Set<string>();
  /** What this process holds beside the lock counts as another user's. */
  const holderOf = (name: string): Promise<Holder> => Promise.resolve(foreign.has(name) ? 'foreign' : 'ours');

  /** Takes the name that a lock would get. */
  async function occupy(): Promise<Lock> {
    const before = abstractNames();
    const lock = await acquireLock(dir, { holderOf });
    const name = abstractNames().find((each) => !before.includes(each)) ?? '';
    foreign.add(name.slice(1));
    if (lock === null) throw new Error('it is taken');
    return lock;
  }

  it('is given up for the next one, which every process of ours finds', async () => {
    const foes = [await occupy(), await occupy()];
    const taken: string[] = [];
    const lock = await acquireLock(dir, { holderOf, taken: (name) => taken.push(name) });
    expect(lock).not.toBeNull();
    expect(new Set(taken).size).toBe(2);
    expect(await acquireLock(dir, { holderOf })).toBeNull();
    foes[0]?.release();
    await vi.waitFor(async () => expect(abstractNames().some((name) => name.slice(1) === taken[0])).toBe(false));
    expect(await acquireLock(dir, { holderOf }), 'also if the first name is free again').toBeNull();
    for (const each of [lock, ...foes]) each?.release();
  });

  it('depends on the secret of a home, which nobody else knows', () => {
    const [guessed] = abstractNamesOf(dir);
    makeHomeSecret(dir);
    const [name] = abstractNamesOf(dir);
    expect(name).not.toBe(guessed);
    expect(abstractNamesOf(dir)[0]).toBe(name);
  });

  it('is taken after all if its holder lets go while it is looked for', async () => {
    const before = await acquireLock(dir);
    const taken: string[] = [];
    const lock = await acquireLock(dir, {
      taken: (name) => taken.push(name),
      holderOf: async (name) => {
        before?.release();
        await vi.waitFor(() => expect(abstractNames()).not.toContain(`@${name}`));
        // Nobody holds it, so nobody of ours.
        return 'foreign';
      },
    });
    expect([lock === null, taken]).toEqual([false, []]);
    lock?.release();
  });

  it('is held, as long as nobody knows by whom', async () => {
    const lock = await acquireLock(dir);
    expect(await acquireLock(dir, { holderOf: () => Promise.resolve('unknown') })).toBeNull();
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
