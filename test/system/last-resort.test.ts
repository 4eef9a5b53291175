import { afterEach, expect, it, vi } from 'vitest';
import { LastResort } from '../../src/system/last-resort.ts';

const clock = vi.hoisted(() => ({ ms: 0 }));
vi.mock('../../src/system/clock.ts', () => ({ now: () => clock.ms }));
afterEach(() => {
  clock.ms = 0;
});

function lastResort(): { resort: LastResort; reported: string[]; gaveUp: string[] } {
  const reported: string[] = [];
  const gaveUp: string[] = [];
  return { resort: new LastResort({ report: (message) => reported.push(message), giveUp: (why) => gaveUp.push(why) }), reported, gaveUp };
}

it('reports each error once a minute, and not more than some', () => {
  const { resort, reported, gaveUp } = lastResort();
  for (let n = 0; n < 50; n++) resort.caught(new TypeError('x is not a function'));
  resort.caught('a string');
  expect(reported).toEqual(['TypeError: x is not a function', 'a string']);
  clock.ms = 60_000;
  resort.caught(new TypeError('x is not a function'));
  expect(reported).toHaveLength(3);
  for (let n = 0; n < 200; n++) resort.caught(new Error(`at ${n}`));
  expect(reported).toHaveLength(3 + 19);
  expect(gaveUp).toEqual([]);
});

it('gives up in a flood of errors, but not right after the start', () => {
  const { resort, gaveUp } = lastResort();
  for (let n = 0; n < 200; n++) resort.caught(new Error('again'));
  expect(gaveUp).toEqual([]);
  clock.ms = 61_000;
  for (let n = 0; n < 99; n++) resort.caught(new Error('again'));
  clock.ms = 72_000;
  resort.caught(new Error('again'));
  expect(gaveUp, 'they were too far apart').toEqual([]);
  for (let n = 0; n < 99; n++) resort.caught(new Error('again'));
  expect(gaveUp).toEqual(['100 errors within 10 s, the last one: Error: again']);
});

it('outlives an error in the report itself', () => {
  const resort = new LastResort({
    report: () => {
      throw new Error('no');
    },
    giveUp: () => {},
  });
  expect(() => resort.caught(new Error('first'))).not.toThrow();
});
