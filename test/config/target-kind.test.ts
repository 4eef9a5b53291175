import { describe, expect, it } from 'vitest';
import type { Mismatch } from '../../src/config/kind.ts';
import { optionOf } from '../../src/config/options.ts';
import { scaleTarget } from '../../src/config/target-kind.ts';

describe('scale.target', () => {
  it.each([
    [{ elu: 0.6 }, { metric: 'elu', value: 0.6 }],
    [{ cpu: '0.5' }, { metric: 'cpu', value: 0.5 }],
    [{ p95_ms: 200 }, { metric: 'p95_ms', value: 200 }],
    [{ rps_per_worker: 500 }, { metric: 'rps_per_worker', value: 500 }],
  ])('%j', (raw, value) => {
    expect(scaleTarget.parse(raw)).toEqual({ value });
  });

  it.each([
    [{}, 'an empty object', ''],
    [{ elu: 0.6, cpu: 0.5 }, 'elu, cpu', ''],
    [{ load: 1 }, 'load', '.load'],
    ['elu', '"elu"', ''],
    [{ elu: 60 }, '60', '.elu'],
    [{ p95_ms: 0 }, '0', '.p95_ms'],
  ])('not %j', (raw, got, at) => {
    expect(scaleTarget.parse(raw)).toMatchObject({ mismatch: { got, at } });
  });
});

describe('scale', () => {
  const { kind, check } = optionOf('scale')!;
  const checked = (raw: unknown): string | Mismatch | undefined => {
    const parsed = kind.parse(raw);
    return 'value' in parsed ? check?.(parsed.value) : 'no value at all';
  };

  it('has a default for every field', () => {
    expect(kind.parse(true)).toEqual({ value: { min: 1, max: 'max', target: { metric: 'elu', value: 0.6 }, up_cooldown: 5_000, down_cooldown: 60_000 } });
  });

  it('refuses what makes no sense together', () => {
    expect(checked({ min: 5, max: 2 })).toEqual({ expected: '5 (min) or more', got: '2', at: '.max' });
    expect(checked({ down_cooldown: '11m' })).toContain('10m');
    expect(checked({ min: 2, max: 2 })).toBeUndefined();
    expect(checked(false)).toBeUndefined();
  });
});
