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
    [{ rps: 5 }, 'rps, did you mean "rps_per_worker"?', '.rps'],
    ['elu', '"elu"', ''],
    [{ elu: 60 }, '60', '.elu'],
    [{ p95_ms: 0 }, '0', '.p95_ms'],
  ])('not %j', (raw, got, at) => {
    expect(scaleTarget.parse(raw)).toMatchObject({ mismatch: { got, at } });
  });
});

it('says what to write in place of a measure that there is not', () => {
  expect(scaleTarget.parse({ rps: 5 })).toMatchObject({ mismatch: { expected: 'one of elu, cpu, p95_ms, rps_per_worker' } });
  expect(scaleTarget.parse({})).toMatchObject({ mismatch: { expected: expect.stringContaining('such as { elu: 0.6 }') as string } });
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
    expect(checked({ down_cooldown: '11m' })).toEqual({ expected: 'a duration of at most 10m', got: '11m', at: '.down_cooldown' });
    expect(checked({ up_cooldown: '1h', down_cooldown: '11m' })).toMatchObject({ got: '1h', at: '.up_cooldown' });
    expect(checked({ min: 2, max: 2 })).toBeUndefined();
    expect(checked(false)).toBeUndefined();
  });
});
