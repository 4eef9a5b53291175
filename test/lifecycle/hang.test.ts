import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hangVerdict, type HangFacts } from '../../src/lifecycle/hang.ts';
import { WORKER_STATES } from '../../src/lifecycle/states.ts';

const facts = (more: Partial<HangFacts> = {}): HangFacts => ({
  state: 'ready',
  hangTimeoutMs: 30_000,
  silentMs: 30_000,
  lateMs: 0,
  idle: false,
  suspected: true,
  ...more,
});

describe('hangVerdict', () => {
  it('takes two looks', () => {
    expect(hangVerdict(facts({ suspected: false }))).toEqual({ verdict: 'suspect', dueMs: 100 });
    expect(hangVerdict(facts())).toEqual({ verdict: 'hung', dueMs: null });
  });

  it('says how long a silence may still go on', () => {
    expect(hangVerdict(facts({ silentMs: 29_999 }))).toEqual({ verdict: 'alive', dueMs: 1 });
    expect(hangVerdict(facts({ silentMs: 0 }))).toEqual({ verdict: 'alive', dueMs: 30_000 });
  });

  it('does not count what the primary itself was late', () => {
    expect(hangVerdict(facts({ silentMs: 80_000, lateMs: 50_001 })).verdict).toBe('alive');
    expect(hangVerdict(facts({ silentMs: 80_000, lateMs: 50_000 })).verdict).toBe('hung');
  });

  it('allows an idle worker the heartbeats that it leaves out', () => {
    expect(hangVerdict(facts({ hangTimeoutMs: 3_000, silentMs: 6_999, idle: true }))).toEqual({ verdict: 'alive', dueMs: 1 });
    expect(hangVerdict(facts({ hangTimeoutMs: 3_000, silentMs: 7_000, idle: true })).verdict).toBe('hung');
  });

  it.each(WORKER_STATES)('looks only at workers that could serve: %s', (state) => {
    const counts = state === 'ready' || state === 'ejected';
    expect(hangVerdict(facts({ state, silentMs: 1e9 })).verdict).toBe(counts ? 'hung' : 'alive');
  });

  it('is off without a timeout', () => {
    expect(hangVerdict(facts({ hangTimeoutMs: null, silentMs: 1e12 }))).toEqual({ verdict: 'alive', dueMs: null });
  });

  it('never calls a worker hung within its timeout, nor at the first look', () => {
    const ms = fc.nat(100_000);
    fc.assert(
      fc.property(ms, ms, ms, fc.boolean(), fc.boolean(), (hangTimeoutMs, silentMs, lateMs, idle, suspected) => {
        const { verdict } = hangVerdict(facts({ hangTimeoutMs, silentMs, lateMs, idle, suspected }));
        if (verdict !== 'hung') return;
        expect(silentMs - lateMs).toBeGreaterThanOrEqual(hangTimeoutMs);
        expect(suspected).toBe(true);
      }),
    );
  });
});
