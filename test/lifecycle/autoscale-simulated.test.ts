import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policy, settledAfter, simulate, type Plan, type Run } from './scale-simulation.ts';

const elu = policy('elu', 0.6);

interface Bounds {
  /** Most workers above the most that the load needs. */
  readonly overshoot: number;
  /** Seconds from the last jump of the load to the last change. */
  readonly settled: number;
  readonly changes: number;
  /** Share of the time in which requests waited for more than a second. */
  readonly overloaded: number;
}

/** What happened, with the decisions for whoever reads a failure. */
function expectWithin(run: Run, jump: number, bounds: Bounds): void {
  const told = run.changes.map(({ second, reason }) => `${second} s: ${reason}`).join('\n');
  const { overshoot, overloaded, changes } = run;
  const found: Bounds = { overshoot, settled: settledAfter(run, jump), changes: changes.length, overloaded };
  for (const name of ['overshoot', 'settled', 'changes', 'overloaded'] as const)
    expect(found[name], `${name} of ${JSON.stringify(found)}\n${told}`).toBeLessThanOrEqual(bounds[name]);
}

/** Requests per second, from a file with a line about it first. */
function loadOf(file: string): number[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => line.split(',').filter(Boolean).map(Number));
}

const fastDown = { downCooldownMs: 20_000 };

/** Ten milliseconds of computing per request, so 60 requests per second and worker at an elu of 0.6. */
const CURVES: readonly (readonly [what: string, plan: Omit<Plan, 'policy'> & Partial<Plan>, jump: number, bounds: Bounds])[] = [
  ['a step to the double', { start: 2, seconds: 300, load: (s) => (s < 30 ? 100 : 200) }, 30, { overshoot: 0, settled: 8, changes: 2, overloaded: 0 }],
  ['a step to ten times as much', { start: 1, seconds: 90, load: (s) => (s < 30 ? 50 : 500) }, 30, { overshoot: 3, settled: 22, changes: 4, overloaded: 0.22 }],
  ['a step down to a tenth', { start: 9, seconds: 400, load: (s) => (s < 30 ? 500 : 50) }, 30, { overshoot: 0, settled: 240, changes: 4, overloaded: 0 }],
  [
    'the same with a short down_cooldown',
    { policy: policy('elu', 0.6, fastDown), start: 9, seconds: 400, load: (s) => (s < 30 ? 500 : 50) },
    30,
    { overshoot: 0, settled: 80, changes: 4, overloaded: 0 },
  ],
  ['a slow ramp', { start: 1, seconds: 600, load: (s) => s }, 600, { overshoot: 0, settled: 0, changes: 9, overloaded: 0 }],
  [
    'a ramp of one worker in ten seconds',
    { start: 1, seconds: 200, load: (s) => 6 * Math.min(s, 100) },
    100,
    { overshoot: 0, settled: 2, changes: 9, overloaded: 0 },
  ],
  [
    'a wave of ten minutes',
    { start: 5, seconds: 3_000, load: (s) => 300 + 200 * Math.sin((s / 600) * 2 * Math.PI) },
    3_000,
    { overshoot: 0, settled: 0, changes: 40, overloaded: 0 },
  ],
  [
    'a wave of twenty seconds: stays at its height',
    { start: 5, seconds: 900, load: (s) => 300 + 200 * Math.sin((s / 20) * 2 * Math.PI) },
    0,
    { overshoot: 0, settled: 5, changes: 1, overloaded: 0 },
  ],
  [
    'a spike of a second: at most one worker',
    { start: 2, seconds: 300, load: (s) => (s === 100 ? 600 : 100) },
    100,
    { overshoot: 0, settled: 65, changes: 2, overloaded: 0.01 },
  ],
  [
    'a spike of ten seconds',
    { start: 2, seconds: 400, load: (s) => (s >= 100 && s < 110 ? 600 : 100) },
    110,
    { overshoot: 0, settled: 124, changes: 4, overloaded: 0.03 },
  ],
  [
    'a target of requests per second',
    { policy: policy('rps_per_worker', 50), start: 1, seconds: 120, load: (s) => (s < 30 ? 40 : 200) },
    30,
    { overshoot: 0, settled: 8, changes: 2, overloaded: 0.09 },
  ],
];

describe('under a load that was made up', () => {
  it.each(CURVES)('%s', (_, plan, jump, bounds) => {
    expectWithin(simulate({ policy: elu, ...plan }), jump, bounds);
  });

  it('a p95 target: up while answers are slow, down when the workers have time', () => {
    const run = simulate({ policy: policy('p95_ms', 100, fastDown), start: 1, seconds: 600, load: (s) => (s < 30 || s >= 300 ? 40 : 200) });
    expectWithin(run, 300, { overshoot: 0, settled: 60, changes: 5, overloaded: 0.01 });
    expect(run.workers[299]).toBeGreaterThanOrEqual(3);
    expect(run.workers.at(-1)).toBe(1);
  });

  it('noise of 30 % around the target moves it once, to where it stays', () => {
    fc.assert(
      // Without bias: a run of extreme values is not noise.
      fc.property(fc.noBias(fc.array(fc.integer({ min: 70, max: 130 }), { minLength: 900, maxLength: 900 })), (percent) => {
        expectWithin(simulate({ policy: elu, start: 5, seconds: 900, load: (s) => 3 * (percent[s] ?? 100) }), 0, {
          overshoot: 0,
          settled: 900,
          changes: 1,
          overloaded: 0,
        });
      }),
      { numRuns: 30 },
    );
  });

  it('four hours of a shop: never far behind, and not a change in ten seconds', () => {
    const trace = loadOf('load-trace.csv');
    const run = simulate({
      policy: policy('elu', 0.6, { min: 2, downCooldownMs: 120_000 }),
      start: 2,
      seconds: trace.length * 10,
      load: (s) => trace[Math.floor(s / 10)] ?? 0,
    });
    expectWithin(run, trace.length * 10, { overshoot: 0, settled: 0, changes: 40, overloaded: 0.002 });
    const hours = run.workers.reduce((sum, n) => sum + n, 0) / 3_600;
    const most = (Math.max(...run.workers) * run.workers.length) / 3_600;
    expect(hours, `worker hours, ${most.toFixed(1)} with as many all the time`).toBeLessThan(0.65 * most);
  });
});

describe('under a load that was recorded', () => {
  it('follows its jumps, and not its noise', () => {
    const recorded = loadOf('load-recorded.csv');
    const run = simulate({ policy: policy('elu', 0.6, { min: 1, ...fastDown }), start: 1, seconds: recorded.length, load: (s) => recorded[s] ?? 0 });
    expectWithin(run, recorded.length, { overshoot: 0, settled: 0, changes: 12, overloaded: 0 });
    expect(Math.max(...run.workers)).toBeGreaterThanOrEqual(5);
    expect(run.workers.at(-1)).toBeLessThanOrEqual(2);
  });
});

const loads = fc.array(fc.record({ load: fc.integer({ min: 0, max: 2_000 }), lasts: fc.integer({ min: 1, max: 90 }) }), { minLength: 1, maxLength: 10 });
const policies = fc
  .record({
    min: fc.integer({ min: 1, max: 6 }),
    more: fc.integer({ min: 0, max: 10 }),
    value: fc.double({ min: 0.2, max: 0.9, noNaN: true }),
    up: fc.integer({ min: 0, max: 20 }),
    down: fc.integer({ min: 0, max: 60 }),
  })
  .map(({ min, more, value, up, down }) => policy('elu', value, { min, max: min + more, upCooldownMs: up * 1000, downCooldownMs: down * 1000 }));

describe('whatever the load', () => {
  it('stays within min and max, the CPU budget and the memory that is left, and keeps the cooldowns', () => {
    fc.assert(
      fc.property(policies, loads, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 12 }), (how, steps, cpuBudget, memoryFor) => {
        const curve = steps.flatMap(({ load, lasts }) => new Array<number>(lasts).fill(load));
        const run = simulate({ policy: how, start: how.min, seconds: curve.length, load: (s) => curve[s] ?? 0, cpuBudget, memoryFor });
        expect(Math.min(...run.workers)).toBeGreaterThanOrEqual(how.min);
        expect(Math.max(...run.workers)).toBeLessThanOrEqual(Math.min(how.max, Math.max(how.min, Math.min(cpuBudget, memoryFor))));
        run.changes.forEach(({ second, from, to }, index) => {
          const before = run.changes[index - 1];
          expect(to).toBeLessThanOrEqual(from * 2);
          expect(to).toBeGreaterThanOrEqual(Math.floor(from / 2));
          if (before !== undefined) expect((second - before.second) * 1000).toBeGreaterThanOrEqual(to > from ? how.upCooldownMs : how.downCooldownMs);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('a steady load is settled after a while, at no more than it needs and a worker', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 1, max: 16 }), (load, start) => {
        const run = simulate({ policy: policy('elu', 0.6, fastDown), start, seconds: 700, load: () => load });
        expect(run.changes.filter(({ second }) => second > 450)).toEqual([]);
        expect(run.workers.at(-1)).toBeGreaterThanOrEqual(Math.ceil(load / 66.01));
        expect(run.workers.at(-1)).toBeLessThanOrEqual(Math.max(1, Math.ceil(load / 60) + 1, Math.ceil(load / 54)));
      }),
      { numRuns: 100 },
    );
  });
});
