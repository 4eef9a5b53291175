import { describe, expect, it } from 'vitest';
import type { Failure } from '../helpers/generate-load.ts';
import { allowanceOf, commandsMayFail, Judge, type Allowance, type LoadedApp } from './allowance.ts';
import { parseSteps } from './plan.ts';

const allowed = (step: string, app: LoadedApp = 'cluster') => allowanceOf(parseSteps(step)[0]!, app, 3);
const nothing = { newResets: 0, refused: false };

describe('what a step lets fail', () => {
  it('is nothing for operations, pauses, the machine and the clients', () => {
    const steps =
      'reload cluster & scale cluster 1; restart cluster; pause-worker cluster 500 & pause-primary cluster 500; kill-daemon & disk-full 500; balloon cluster & burst cluster 600';
    for (const step of steps.split(';')) expect(allowed(step), step).toEqual(nothing);
  });

  it.each(['kill-worker cluster 0', 'kill-workers cluster', 'hang-worker cluster 1', 'kill-primary cluster', 'stop-primary cluster'])(
    'is a reset of each client that opens connections, of that app alone: %s',
    (step) => {
      expect(allowed(step)).toEqual({ newResets: 3, refused: false });
      expect(allowed(step, 'plain')).toEqual(nothing);
    },
  );

  it('counts each kill and the clients of a burst', () => {
    expect(allowed('kill-worker cluster 0 & kill-primary cluster')).toEqual({ newResets: 6, refused: false });
    expect(allowed('kill-worker cluster 0 & burst cluster 100')).toEqual({ newResets: 103, refused: false });
    expect(allowed('kill-worker cluster 0 & burst plain 100')).toEqual({ newResets: 3, refused: false });
  });

  it('is the same for a cluster worker of the app that is killed', () => {
    expect(allowed('kill-member members 0', 'members')).toEqual({ newResets: 3, refused: false });
  });

  it('is a refusal only if daemon and primary end at once, and of an app that is stopped', () => {
    expect(allowed('kill-daemon-and-primary cluster').refused).toBe(true);
    expect(allowed('kill-daemon & hang-primary cluster').refused).toBe(true);
    expect(allowed('kill-daemon & kill-primary plain').refused).toBe(false);
    expect(allowed('kill-daemon-and-primary plain').refused).toBe(false);
    expect(allowed('stop-bystander').refused).toBe(false);
    expect(allowed('stop-bystander', 'bystander')).toEqual({ newResets: 1, refused: true });
  });
});

it('lets an app lose its connections with the primary that it shares', () => {
  const inCommon = (one: LoadedApp, other: LoadedApp): boolean => [one, other].every((app) => app === 'plain' || app === 'members');
  const allowed = (step: string, app: LoadedApp): Allowance => allowanceOf(parseSteps(step)[0]!, app, 8, inCommon);
  expect(allowed('kill-primary plain', 'members')).toEqual({ newResets: 8, refused: false });
  expect(allowed('kill-daemon-and-primary members', 'plain').refused).toBe(true);
  expect(allowed('kill-worker plain 0', 'members').newResets).toBe(0);
  expect(allowed('kill-primary cluster', 'plain').newResets).toBe(0);
});

it('lets a command fail only beside a fault', () => {
  const mayFail = (step: string): boolean => commandsMayFail(parseSteps(step)[0]!);
  expect(['reload cluster', 'scale cluster 3 & reload cluster', 'restart plain & burst plain 100', 'stop-bystander & hang-up plain 10'].map(mayFail)).toEqual(
    Array.from({ length: 4 }, () => false),
  );
  expect(['reload cluster & kill-worker cluster 0', 'disk-full 500', 'scale cluster 1 & kill-daemon'].map(mayFail)).toEqual([true, true, true]);
  // These two refuse to run while an app reloads.
  expect(['weight cluster 0=3 & reload cluster', 'reload cluster & balance cluster random'].map(mayFail)).toEqual([true, true]);
  // Workers that accept themselves follow no fractional weights.
  expect(['balance cluster direct', 'weight cluster 0=3', 'weight cluster 0=1', 'balance cluster random'].map(mayFail)).toEqual([true, true, false, false]);
  expect(mayFail('weight cluster 0=1 & reload plain')).toBe(false);
});

describe('the judge', () => {
  const failure = (more: Partial<Failure>): Failure => ({ kind: 'reset', pid: null, startedAt: 15, failedAt: 16, detail: '', ...more });
  const judge = (): Judge => {
    const made = new Judge();
    made.add({ startedAt: 10, endedAt: 20, allowances: new Map([['cluster', { newResets: 2, refused: true }]]) });
    made.add({ startedAt: 30, endedAt: 40, allowances: new Map() });
    return made;
  };
  const none = new Set<number>();

  it('lets so many new connections be reset, while the step happens, and of that app', () => {
    const one = judge();
    expect(one.isAllowed('plain', failure({}), none)).toBe(false);
    expect(one.isAllowed('cluster', failure({ startedAt: 30, failedAt: 31 }), none)).toBe(false);
    expect([1, 2, 3].map(() => one.isAllowed('cluster', failure({}), none))).toEqual([true, true, false]);
  });

  it('counts a request to the step during which it began', () => {
    expect(judge().isAllowed('cluster', failure({ startedAt: 19, failedAt: 35 }), none)).toBe(true);
  });

  it('asks who had answered on the connection before', () => {
    expect(judge().isAllowed('cluster', failure({ pid: 7 }), none)).toBe(false);
    expect(judge().isAllowed('plain', failure({ pid: 7, failedAt: 99 }), new Set([7]))).toBe(true);
  });

  it('lets nobody hang, and no answer be wrong', () => {
    for (const kind of ['hung', 'wrong', 'other'] as const) expect(judge().isAllowed('cluster', failure({ kind, pid: 7 }), new Set([7]))).toBe(false);
    expect(judge().isAllowed('cluster', failure({ kind: 'refused' }), none)).toBe(true);
    expect(judge().isAllowed('cluster', failure({ kind: 'refused', failedAt: 31, startedAt: 31 }), none)).toBe(false);
  });
});
