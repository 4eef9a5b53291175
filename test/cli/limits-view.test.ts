import { expect, it } from 'vitest';
import { limitsText, lowerLimits } from '../../src/cli/output/limits-view.ts';

const LIMITS = { openFiles: 20_000, processes: 96_364, coreBytes: 0, lockedBytes: 8 * 1024 ** 2 };

it('limits as text', () => {
  expect(limitsText(LIMITS)).toBe('20,000 open files, 96,364 processes of the user, no core files, 8.0M of locked memory');
  expect(limitsText({ openFiles: null, processes: null, coreBytes: null, lockedBytes: null })).toBe('none');
});

it('names only limits that are lower than those of the shell', () => {
  expect(lowerLimits(LIMITS, LIMITS)).toBeNull();
  expect(lowerLimits({ ...LIMITS, openFiles: null }, LIMITS), 'no limit is none').toBeNull();
  expect(lowerLimits({ ...LIMITS, openFiles: 1_024 }, LIMITS)).toBe('1,024 open files (here: 20,000 open files)');
  expect(lowerLimits(LIMITS, { ...LIMITS, processes: null, coreBytes: null })).toBe(
    '96,364 processes of the user (here: no limit), no core files (here: no limit)',
  );
});
