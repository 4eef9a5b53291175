import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { oversize, type Started } from '../../src/system/exec-size.ts';
import { argumentRoom } from '../../src/system/limits.ts';

const ROOM = 2 * 1024 ** 2;
const started = (changes: Partial<Started> = {}): Started => ({ script: '/srv/app.js', args: [], nodeArgs: [], env: {}, ...changes });
/** With its name, the `=` and the zero byte, a variable has this size. */
const variableOf = (bytes: number): Record<string, string> => ({ BIG: 'x'.repeat(bytes - 'BIG='.length - 1) });

describe('what the system takes', () => {
  it('is 128 KiB for each variable and argument', () => {
    expect(oversize(started({ env: variableOf(131_072) }), ROOM)).toBeNull();
    expect(oversize(started({ env: variableOf(131_073) }), ROOM)).toBe('the variable BIG has 131,073 bytes, and the system takes at most 131,072 bytes each');
    expect(oversize(started({ args: ['a', 'é'.repeat(65_536)] }), ROOM)).toContain('argument 3 has 131,073 bytes');
  });

  it('is a limit for all of them together', () => {
    const env = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`V${n}`, 'x'.repeat(100_000 + n)]));
    expect(oversize(started({ env }), ROOM)).toMatch(
      /have 3,0\d\d,\d{3} bytes together.*at most 2,097,152 bytes \(the largest is the variable V29: 100,034 bytes\)/,
    );
  });

  it('is what this system takes, to the byte', () => {
    const starts = (env: Record<string, string>): boolean => spawnSync('/bin/true', [], { env }).error === undefined;
    expect([starts(variableOf(131_072)), starts(variableOf(131_073))]).toEqual([true, false]);
  });

  it('never refuses what is small', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), fc.array(fc.string()), (env, args) => oversize(started({ env, args }), argumentRoom()) === null),
    );
  });
});
