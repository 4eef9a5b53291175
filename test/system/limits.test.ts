import { expect, it } from 'vitest';
import { argumentRoom, ownLimits } from '../../src/system/limits.ts';

const limits = (stack: string): string => `Limit                     Soft Limit           Hard Limit           Units
Max stack size            ${stack.padEnd(20)} unlimited            bytes
Max core file size        0                    unlimited            bytes
Max processes             96364                96364                processes
Max open files            20000                40000                files
Max locked memory         unlimited            unlimited            bytes
`;

it('the limits of a process', () => {
  expect(ownLimits(limits('8388608'))).toEqual({ openFiles: 20_000, processes: 96_364, coreBytes: 0, lockedBytes: null });
  expect(ownLimits('')).toEqual({ openFiles: null, processes: null, coreBytes: null, lockedBytes: null });
  expect(ownLimits().openFiles).toBeGreaterThan(0);
});

it('arguments and environment take a quarter of the stack, within bounds', () => {
  expect(argumentRoom(limits('8388608'))).toBe(2_097_152);
  expect(argumentRoom(limits('65536'))).toBe(131_072);
  expect(argumentRoom(limits('unlimited'))).toBe(6_291_456);
  expect(argumentRoom('')).toBe(2_097_152);
});
