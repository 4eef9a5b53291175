import { expect, it } from 'vitest';
import { descriptorRoom } from '../../src/system/descriptor-room.ts';

const limits = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${soft}                 1048576              files     \n`;

it('leaves some for everything else', () => {
  expect([limits('4096'), limits('20'), limits('unlimited'), ''].map(descriptorRoom)).toEqual([2816, 16, Infinity, Infinity]);
  expect(descriptorRoom()).toBeGreaterThan(15);
});
