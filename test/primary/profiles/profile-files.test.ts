import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEPT_PROFILES, outdated, profileName, removeOutdated, type KeptFile } from '../../../src/primary/profiles/profile-files.ts';
import { tempHome } from '../../daemon/temp-home.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 20);
const nameAt = (at: number): string => profileName({ what: 'heap', app: 'api', slot: 1, pid: 4711, at });
const file = (age: number, bytes = 1): KeptFile => ({ name: nameAt(NOW - age), bytes, writtenAt: NOW - age });

describe('profiles that are kept', () => {
  it('have a name with app, slot, pid and time', () => {
    expect(nameAt(NOW)).toBe('api-1-4711-20261120T000000000.heapsnapshot');
  });

  it('are the newest, up to the limit of files', () => {
    const files = Array.from({ length: KEPT_PROFILES.files + 3 }, (_, i) => file((i + 2) * HOUR));
    expect(outdated(files.toReversed(), NOW)).toEqual(files.slice(-3));
  });

  it('are the newest, up to the limit of bytes', () => {
    const files = [file(2 * HOUR, KEPT_PROFILES.bytes - 10), file(3 * HOUR, 10), file(4 * HOUR, 10)];
    expect(outdated(files, NOW)).toEqual(files.slice(2));
  });

  it('include all of the last hour, and files with other names', () => {
    const young = [file(1_000, KEPT_PROFILES.bytes), file(HOUR, KEPT_PROFILES.bytes)];
    const others = ['before.heapsnapshot', 'api-1-4711-20261120.heapsnapshot', 'notes.txt'].map((name) => ({
      ...file(9 * HOUR, KEPT_PROFILES.bytes * 2),
      name,
    }));
    expect(outdated([...young, ...others], NOW)).toEqual([]);
  });

  it('stay within the limits for any files, and no file within them is removed', () => {
    const files = fc.array(
      fc.record({ age: fc.integer({ min: HOUR + 1, max: 1_000 * HOUR }), bytes: fc.integer({ min: 0, max: Math.floor(KEPT_PROFILES.bytes / 3) }) }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(files, (ages) => {
        const all = ages.map(({ age, bytes }) => file(age, bytes));
        const gone = outdated(all, NOW);
        const kept = all.filter((one) => !gone.includes(one));
        const sum = (some: readonly KeptFile[]): number => some.reduce((bytes, one) => bytes + one.bytes, 0);
        expect(kept.length).toBeLessThanOrEqual(KEPT_PROFILES.files);
        expect(sum(kept)).toBeLessThanOrEqual(KEPT_PROFILES.bytes);
        if (gone.length > 0) expect(all.length > KEPT_PROFILES.files || sum(all) > KEPT_PROFILES.bytes).toBe(true);
      }),
    );
  });

  it('are removed from the directory, without touching links and directories', async () => {
    const directory = join(tempHome(), 'profiles');
    mkdirSync(join(directory, nameAt(1)), { recursive: true });
    const names = Array.from({ length: KEPT_PROFILES.files + 2 }, (_, i) => nameAt(NOW - i * HOUR));
    names.forEach((name, i) => {
      writeFileSync(join(directory, name), '{}');
      const at = Date.now() / 1000 - (i + 2) * 3_600;
      utimesSync(join(directory, name), at, at);
    });
    symlinkSync(join(directory, names[0] ?? ''), join(directory, nameAt(2)));
    expect(await removeOutdated(directory)).toBe(2);
    expect(readdirSync(directory).sort()).toEqual([nameAt(1), nameAt(2), ...names.slice(0, -2)].sort());
  });
});
