import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineRing } from '../../src/logs/line-ring.ts';

describe('LineRing', () => {
  it('holds the newest items that fit', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 6 })), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 6, max: 20 }), (items, capacity, maxBytes) => {
        const ring = new LineRing<string>(capacity, maxBytes, (item) => item.length);
        let model: string[] = [];
        for (const item of items) {
          ring.push(item);
          model = [...model, item].slice(-capacity);
          while (model.join('').length > maxBytes) model.shift();
          expect(ring.last(Infinity)).toEqual(model);
          expect([ring.size, ring.bytes]).toEqual([model.length, model.join('').length]);
          expect(ring.last(2)).toEqual(model.slice(-2));
        }
      }),
    );
  });

  it('does not keep an item that is larger than all it may hold', () => {
    const ring = new LineRing<string>(3, 4, (item) => item.length);
    ring.push('ab');
    ring.push('12345');
    expect(ring.last(3)).toEqual([]);
    ring.push('cd');
    expect(ring.last(3)).toEqual(['cd']);
  });

  it('is bounded by number alone when no size is given', () => {
    const ring = new LineRing<number>(2);
    for (const item of [1, 2, 3]) ring.push(item);
    expect(ring.last(5)).toEqual([2, 3]);
    expect(ring.last(0)).toEqual([]);
    expect(ring.last(-1)).toEqual([]);
  });

  it('keeps nothing with capacity 0', () => {
    const ring = new LineRing<number>(0);
    ring.push(1);
    expect(ring.last(5)).toEqual([]);
  });
});
