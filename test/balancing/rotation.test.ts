import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rotation, type Candidate } from '../../src/balancing/rotation.ts';

const WELL: Candidate = { ejected: false, weight: 1, standby: false, backup: false };
const ILL: Candidate = { ...WELL, ejected: true };
const OFF: Candidate = { ...WELL, weight: 0 };
const HELD: Candidate = { ...WELL, standby: true };
const BACKUP: Candidate = { ...WELL, backup: true };

describe('rotation', () => {
  it.each([
    { what: 'nobody', candidates: [], members: [], panic: false },
    { what: 'all well', candidates: [WELL, WELL, BACKUP], members: [0, 1, 2], panic: false },
    { what: 'just half of them ejected', candidates: [ILL, WELL, ILL, WELL], members: [1, 3], panic: false },
    { what: 'more than half of them ejected', candidates: [ILL, WELL, ILL, ILL, WELL], members: [0, 1, 2, 3, 4], panic: true },
    { what: 'a sole worker ejected', candidates: [ILL], members: [0], panic: true },
    { what: 'weight 0', candidates: [WELL, OFF], members: [0], panic: false },
    { what: 'only weight 0', candidates: [OFF, { ...OFF, ejected: true }], members: [], panic: false },
    { what: 'weight 0 counted neither as ill', candidates: [WELL, { ...OFF, ejected: true }, { ...OFF, ejected: true }], members: [0], panic: false },
    { what: 'weight 0 counted nor as well', candidates: [ILL, ILL, WELL, OFF, OFF], members: [0, 1, 2], panic: true },
    { what: 'weight 0 in panic', candidates: [ILL, { ...OFF, ejected: true }], members: [0], panic: true },
    { what: 'standby ones beside others', candidates: [HELD, WELL, HELD], members: [1], panic: false },
    { what: 'standby ones beside an ejected one', candidates: [HELD, ILL], members: [1], panic: true },
    { what: 'standby ones beside one of weight 0', candidates: [HELD, OFF], members: [0], panic: false },
    { what: 'only standby ones', candidates: [HELD, HELD], members: [0, 1], panic: false },
    { what: 'backups when the others are ejected', candidates: [ILL, BACKUP], members: [1], panic: false },
    { what: 'a backup when many others are ejected', candidates: [ILL, ILL, ILL, ILL, BACKUP], members: [4], panic: false },
  ])('$what', ({ candidates, members, panic }) => {
    expect(rotation(candidates)).toEqual({ members, panic });
  });

  it('panics exactly when fewer than half are healthy and no backup can step in, and always has somebody when anybody may serve', () => {
    const candidate = fc.record({ ejected: fc.boolean(), weight: fc.nat(2), standby: fc.constant(false), backup: fc.boolean() });
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 12 }), (candidates) => {
        const { members, panic } = rotation(candidates);
        const able = candidates.filter(({ weight }) => weight > 0);
        const healthy = able.filter(({ ejected }) => !ejected).length;
        const onlyBackups = healthy > 0 && able.every(({ ejected, backup }) => ejected || backup);
        expect(panic).toBe(!onlyBackups && 2 * healthy < able.length);
        expect(members.map((index) => candidates[index])).toEqual(panic ? able : able.filter(({ ejected }) => !ejected));
        expect(members.length > 0).toBe(able.length > 0);
      }),
    );
  });
});
