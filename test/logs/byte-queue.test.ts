import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../../src/logs/byte-queue.ts';

describe('ByteQueue', () => {
  it('gives back what was put in, in order', () => {
    const step = fc.record({
      push: fc.string({ unit: 'grapheme', maxLength: 40 }).chain((unit) => fc.nat(3000).map((times) => unit.repeat(times))),
      take: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const queue = new ByteQueue();
        const taken: Buffer[] = [];
        const take = (share: number): void => {
          const bytes = Buffer.concat(queue.peek(2));
          const count = Math.ceil(bytes.length * share);
          taken.push(Buffer.from(bytes.subarray(0, count)));
          queue.drop(count);
        };
        let pushed = '';
        for (const { push, take: share } of steps) {
          queue.push(pushed.length % 2 === 0 ? push : Buffer.from(push));
          pushed += push;
          take(share);
          expect(queue.length).toBe(Buffer.byteLength(pushed) - Buffer.concat(taken).length);
        }
        while (queue.length > 0) take(1);
        expect(Buffer.concat(taken).equals(Buffer.from(pushed))).toBe(true);
        expect(queue.lastByte).toBeUndefined();
      }),
    );
  });

  it('does not touch bytes that were given out while more are put in', () => {
    const queue = new ByteQueue();
    queue.push('abc');
    const [given] = queue.peek(1);
    queue.push('x'.repeat(100_000));
    expect(given?.toString()).toBe('abc');
    queue.drop(3);
    expect(queue.length).toBe(100_000);
    expect(queue.clear()).toBe(100_000);
    expect(queue.peek(1)).toEqual([]);
  });
});
