import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHAOS_APPS, formatSteps, KINDS, parseSteps, planSteps, type Step } from './plan.ts';

const plan = (seed: number, count: number, kinds = KINDS): Step[] => {
  const steps = planSteps(seed, kinds);
  return Array.from({ length: count }, () => steps.next().value);
};

describe('the plan of a chaos run', () => {
  it('is the same for the same seed, however far it is followed, and another for the next one', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 60 }), (seed, count) => {
        const steps = plan(seed, count);
        expect(plan(seed, 80).slice(0, count)).toEqual(steps);
      }),
      { numRuns: 50 },
    );
    expect(new Set([1, 2, 3, 4, 5].map((seed) => formatSteps(plan(seed, 5)))).size).toBe(5);
  });

  it('has one action or two that overlap, never two that need the same thing', () => {
    const groups = [
      ['home-unwritable', 'log-unwritable', 'disk-full', 'delete-socket'],
      ['hang-primary', 'hang-daemon'],
      // A worker that continues does not end.
      ['pause-worker', 'stop-worker'],
    ];
    for (const step of plan(7, 3000)) {
      expect([1, 2]).toContain(step.length);
      for (const one of groups) expect(step.filter(({ kind }) => one.includes(kind)).length, formatSteps([step])).toBeLessThanOrEqual(1);
    }
  });

  it('comes to every kind and to every app', () => {
    const actions = plan(3, 2000).flat();
    expect(new Set(actions.map(({ kind }) => kind))).toEqual(new Set(KINDS));
    for (const app of CHAOS_APPS) expect(actions.some((action) => action.app === app)).toBe(true);
  });

  it('keeps to the kinds that are asked for', () => {
    const kinds = ['reload', 'kill-daemon'] as const;
    expect(new Set(plan(1, 200, [...kinds]).flatMap((step) => step.map(({ kind }) => kind)))).toEqual(new Set(kinds));
  });
});

describe('a replayable line', () => {
  it('gives the steps back', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const steps = plan(seed, 10);
        expect(parseSteps(formatSteps(steps))).toEqual(steps);
      }),
      { numRuns: 200 },
    );
  });

  it('is what a person would write', () => {
    expect(parseSteps('reload cluster & kill-worker cluster 1 +200ms;kill-daemon')).toEqual([
      [
        { kind: 'reload', app: 'cluster', value: null, afterMs: 0 },
        { kind: 'kill-worker', app: 'cluster', value: '1', afterMs: 200 },
      ],
      [{ kind: 'kill-daemon', app: null, value: null, afterMs: 0 }],
    ]);
  });

  it.each([
    ['explode', 'no action "explode"'],
    ['reload web', 'reload: expected one of cluster, plain, members, got "web"'],
    ['scale cluster', 'scale: expected a value after it'],
    ['kill-daemon now', 'kill-daemon: nothing may follow it but +<n>ms, got "now"'],
    ['hang-worker members 0', 'hang-worker: expected one of cluster, plain, got "members"'],
  ])('says what is wrong with "%s"', (line, problem) => {
    expect(() => parseSteps(line)).toThrow(problem);
  });
});
