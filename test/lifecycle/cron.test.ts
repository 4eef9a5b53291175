import { describe, expect, it } from 'vitest';
import { cronProblem, LATE_MS, checkTick, nextTickOf } from '../../src/lifecycle/cron.ts';

const at = (text: string): Date => new Date(text);

describe('the next tick', () => {
  it('comes after a time, in the time zone that was given', async () => {
    const nightly = await nextTickOf({ pattern: '0 3 * * *', timezone: 'UTC' });
    expect(nightly(at('2026-03-01T02:59:59Z'))).toEqual(at('2026-03-01T03:00:00Z'));
    expect(nightly(at('2026-03-01T03:00:00Z'))).toEqual(at('2026-03-02T03:00:00Z'));
    const inBerlin = await nextTickOf({ pattern: '0 3 * * *', timezone: 'Europe/Berlin' });
    expect(inBerlin(at('2026-07-01T00:00:00Z'))).toEqual(at('2026-07-01T01:00:00Z'));
  });

  it('can be one of seconds', async () => {
    const next = await nextTickOf({ pattern: '*/5 * * * * *', timezone: 'UTC' });
    expect(next(at('2026-03-01T00:00:01Z'))).toEqual(at('2026-03-01T00:00:05Z'));
  });

  it('exists for a pattern that is one', async () => {
    expect(await cronProblem({ pattern: '*/15 9-17 * * MON-FRI', timezone: null }, at('2026-03-01T00:00:00Z'))).toBeNull();
    expect(await cronProblem({ pattern: '@daily', timezone: null }, at('2026-03-01T00:00:00Z'))).toBeNull();
    expect(await cronProblem({ pattern: 'every night', timezone: null }, at('2026-03-01T00:00:00Z'))).toEqual(expect.any(String));
    expect(await cronProblem({ pattern: '0 3 * * *', timezone: 'Mars/Olympus' }, at('2026-03-01T00:00:00Z'))).toEqual(expect.any(String));
    expect(await cronProblem({ pattern: '0 0 31 2 *', timezone: null }, at('2026-03-01T00:00:00Z')), 'the 31st of February').toEqual(expect.any(String));
  });
});

describe('a look at the clock', () => {
  it('waits for the tick, and looks at least twice a minute, because a clock can be set', () => {
    expect(checkTick(5_000, 1_000)).toEqual({ verdict: 'wait', againInMs: 4_000 });
    expect(checkTick(500_000, 1_000)).toEqual({ verdict: 'wait', againInMs: 30_000 });
  });

  it('finds it due, unless it is long over', () => {
    expect(checkTick(5_000, 5_000).verdict).toBe('due');
    expect(checkTick(5_000, 5_000 + LATE_MS).verdict).toBe('due');
    expect(checkTick(5_000, 5_001 + LATE_MS).verdict).toBe('missed');
  });
});
