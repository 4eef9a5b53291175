import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AcceptWatch } from '../../../src/primary/ingress/accept-watch.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';

const ingress = {
  arrivals: 0,
  lendsNothing: false,
  dispatcher: { queued: 0 } as never,
  letAccept: (workers: boolean) => void said.push(workers ? 'workers' : 'primary'),
};
const counters = { accepted: 0 };
let said: string[];
let routed: number;
/** Of a core, what the primary uses. */
let share: number;
let watch: AcceptWatch;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  routed = 0;
  share = 0;
  ingress.arrivals = 0;
  ingress.lendsNothing = false;
  counters.accepted = 0;
  watch = new AcceptWatch({
    ingress,
    pool: { counters: counters as never },
    router: { changed: () => void routed++ },
    cpuMs: () => performance.now() * share,
  });
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

/** As many connections arrive in each millisecond. */
function arrive(perMs: number, forMs: number): void {
  for (let ms = 0; ms < forMs; ms++) {
    vi.advanceTimersByTime(1);
    ingress.arrivals += perMs;
    for (let i = 0; i < perMs; i++) watch.onFree();
  }
}

/** The workers accept so many, by their heartbeats. */
function workersAccept(perMs: number, forMs: number): void {
  for (let ms = 0; ms < forMs; ms += 1_000) {
    counters.accepted += perMs * 1_000;
    vi.advanceTimersByTime(1_000);
  }
}

describe('with balance: auto', () => {
  beforeEach(() => watch.onSpecChanged(sampleSpec({ balance: 'auto' })));

  it('the primary accepts, without a timer', () => {
    expect(watch.current).toEqual({ by: 'primary', because: 'calm' });
    arrive(5, 2_000);
    expect([said, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('the workers accept when the primary cannot keep up, until connections become few', () => {
    share = 0.4;
    arrive(5, 1_100);
    expect(said).toEqual(['workers']);
    expect(routed).toBe(1);
    expect(watch.current).toEqual({ by: 'workers', because: '5000 new connections per second took the primary 40 % of a core' });
    share = 0;
    workersAccept(5, 60_000);
    expect(said).toEqual(['workers']);
    workersAccept(0.5, 11_000);
    expect([said, routed]).toEqual([['workers', 'primary'], 2]);
    expect([watch.current, vi.getTimerCount()]).toEqual([{ by: 'primary', because: 'calm' }, 0]);
  });

  it('the primary accepts from Unix sockets under any load', () => {
    ingress.lendsNothing = true;
    share = 0.9;
    arrive(5, 3_000);
    expect([said, watch.current]).toEqual([[], { by: 'primary', because: 'Unix socket' }]);
  });

  it('a change of the definition that has nothing to do with it leaves a storm alone', () => {
    share = 0.4;
    arrive(5, 1_100);
    watch.onSpecChanged(sampleSpec({ balance: 'auto', weights: [1, 0] }));
    expect([said, watch.current.by]).toEqual([['workers'], 'workers']);
  });

  it('an option that needs a choice ends a storm, and its end begins in the calm', () => {
    share = 0.4;
    arrive(5, 1_100);
    watch.onSpecChanged(sampleSpec({ balance: 'auto', maxConns: 9, slowStartMs: 1 }));
    expect([said.at(-1), watch.current, vi.getTimerCount()]).toEqual(['primary', { by: 'primary', because: 'max_conns, slow_start' }, 0]);
    arrive(5, 2_000);
    expect(said.at(-1)).toBe('primary');
    watch.onSpecChanged(sampleSpec({ balance: 'auto' }));
    expect(watch.current).toEqual({ by: 'primary', because: 'calm' });
    arrive(5, 1_100);
    expect(said.at(-1)).toBe('workers');
  });
});

it.each([
  [{ balance: 'direct' }, { by: 'workers', because: 'balance: direct' }],
  [{ balance: 'ip-hash' }, { by: 'primary', because: 'balance: ip-hash' }],
  [
    { balance: 'auto', kind: 'plain' },
    { by: 'workers', because: 'plain workers' },
  ],
  [
    { balance: 'auto', kind: 'plain', weights: [2] },
    { by: 'primary', because: 'weights' },
  ],
  [
    { balance: 'round-robin', kind: 'plain' },
    { by: 'primary', because: 'balance: round-robin' },
  ],
] as const)('%o is decided by the definition, whatever the load', (options, expected) => {
  watch.onSpecChanged(sampleSpec(options));
  share = 1;
  arrive(5, 2_000);
  expect([watch.current, said]).toEqual([expected, [expected.by]]);
});
