import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScaleMetric } from '../../src/lifecycle/app-spec.ts';
import { decideScale, keepScale, scaleCeiling, type ScaleFacts } from '../../src/lifecycle/autoscale.ts';
import type { LoadSample } from '../../src/lifecycle/scale-demand.ts';
import { sampleSpec } from './sample-spec.ts';
import { policy } from './scale-simulation.ts';

/** An app of two workers whose load has been the same for two minutes. */
function facts(load: Partial<LoadSample> = {}, changes: Partial<ScaleFacts> = {}): ScaleFacts {
  const { workers = 2, now = 120_000 } = changes;
  const sample = { ready: workers, elu: 0.5, cpu: 0.5, requestsPerSecond: 100, p95Ms: 50, answers: 100, queued: 0, ...load };
  const samples = Array.from({ length: 121 }, (_, second) => ({ at: now - 120_000 + second * 1000, ...sample }));
  return {
    now,
    workers,
    unsettled: null,
    settledSince: 0,
    changedAt: null,
    failures: 0,
    ejected: 0,
    leaving: 0,
    samples,
    cpuBudget: 64,
    memory: null,
    ...changes,
  };
}

const reasonOf = (load: Partial<LoadSample>, changes: Partial<ScaleFacts> = {}, how = policy('elu', 0.6)): string =>
  decideScale(how, facts(load, changes)).reason;

describe('up', () => {
  it.each<[string, ScaleMetric, number, Partial<LoadSample>, string]>([
    ['the event loop', 'elu', 0.6, { elu: 0.82 }, 'elu 0.82 of 0.6 over 5 s: 2 → 3 workers'],
    ['CPU', 'cpu', 0.5, { cpu: 0.7 }, 'cpu 0.70 of 0.5 over 5 s: 2 → 3 workers'],
    ['requests', 'rps_per_worker', 40, { requestsPerSecond: 100 }, '50 requests/s per worker of 40 over 5 s: 2 → 3 workers'],
    ['response times', 'p95_ms', 100, { p95Ms: 140 }, 'p95 140 ms of 100 ms over 5 s: 2 → 3 workers'],
    ['a target missed by a multiple: as many as it takes', 'elu', 0.6, { elu: 0.95 }, 'elu 0.95 of 0.6 over 5 s: 2 → 4 workers'],
    ['at most the double', 'rps_per_worker', 10, { requestsPerSecond: 1_000 }, '500 requests/s per worker of 10 over 5 s: 2 → 4 workers'],
  ])('%s', (_, metric, target, load, reason) => {
    expect(decideScale(policy(metric, target), facts(load))).toMatchObject({ verdict: 'change', reason });
  });

  it('by one of many, when the target is missed by less than a multiple', () => {
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.82 }, { workers: 8 }))).toMatchObject({ to: 9 });
  });

  it('not while the target is missed by less than a tenth', () => {
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.65 })).verdict).toBe('steady');
  });

  it('is decided over five seconds: one busy second is none', () => {
    const one = facts({ elu: 0.5 });
    const samples = one.samples.map((sample, index) => (index === one.samples.length - 1 ? { ...sample, elu: 1 } : sample));
    expect(decideScale(policy('elu', 0.6), { ...one, samples }).verdict).toBe('steady');
  });

  it('a p95 of few requests says nothing, nor one of workers that wait for something else', () => {
    const how = policy('p95_ms', 100);
    expect(decideScale(how, facts({ p95Ms: 500, answers: 10 }))).toMatchObject({ verdict: 'steady', reason: 'too few requests to measure their latency' });
    const waiting = decideScale(how, facts({ p95Ms: 500, elu: 0.1, cpu: 0.1 }));
    expect(waiting).toMatchObject({ verdict: 'blocked', reason: expect.stringContaining('more workers would not help') });
    expect(decideScale(how, facts({ p95Ms: 500, elu: 0.1, cpu: 0.8 })).verdict, 'busy in threads of Node').toBe('change');
  });

  it('each second weighs as much in the p95 as it had answers', () => {
    const one = facts({ p95Ms: 50, answers: 1_000 });
    const samples = one.samples.map((sample, index) => (index % 2 === 0 ? { ...sample, p95Ms: 5_000, answers: 1 } : sample));
    expect(decideScale(policy('p95_ms', 100), { ...one, samples }).verdict).toBe('steady');
  });
});

describe('is held', () => {
  it.each<[string, Partial<ScaleFacts>, string]>([
    ['max', { workers: 16 }, 'held: max is 16 (elu 0.90 of 0.6 over 5 s)'],
    ['the CPU budget', { cpuBudget: 2 }, 'held: the CPU budget is 2, more workers could not run in parallel (elu 0.90 of 0.6 over 5 s)'],
    ['memory', { memory: { leftBytes: 100, largestWorkerBytes: 95 } }, 'held: not enough memory for another worker (elu 0.90 of 0.6 over 5 s)'],
    ['exceeded memory', { memory: { leftBytes: -5, largestWorkerBytes: 95 } }, 'held: not enough memory for another worker (elu 0.90 of 0.6 over 5 s)'],
    ['failures', { failures: 2, changedAt: 105_000 }, 'held: adding workers has failed 2 times, next attempt in 5 s (elu 0.90 of 0.6 over 5 s)'],
  ])('up: by %s', (_, changes, reason) => {
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.9 }, changes))).toEqual({ verdict: 'blocked', reason });
  });

  it('to what memory has room for', () => {
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.95 }, { memory: { leftBytes: 111, largestWorkerBytes: 100 } }))).toMatchObject({ to: 3 });
  });

  it('down: by an ejected worker, and while connections wait', () => {
    expect(reasonOf({ elu: 0.1 }, { ejected: 1 })).toContain('held: a worker is ejected');
    expect(reasonOf({ elu: 0.1, queued: 3 })).toContain('held: connections are waiting for a worker');
  });

  it('not by the CPU budget for other targets, nor below min', () => {
    expect(scaleCeiling(policy('rps_per_worker', 10, { max: 8 }), 2)).toBe(8);
    expect(scaleCeiling(policy('cpu', 0.5, { min: 4, max: 8 }), 2)).toBe(4);
  });
});

describe('waits', () => {
  it.each<[string, Partial<ScaleFacts>, string]>([
    ['for an operation', { unsettled: 'reload runs' }, 'waiting: reload runs'],
    ['for workers to warm up', { settledSince: 116_000 }, 'waiting: the workers are warming up'],
    ['for up_cooldown', { changedAt: 118_000 }, 'waiting for up_cooldown: elu 0.90 of 0.6 over 5 s'],
  ])('%s', (_, changes, reason) => {
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.9 }, changes))).toEqual({ verdict: 'steady', reason });
  });

  it('for a worker that takes connections', () => {
    expect(reasonOf({ ready: 0, elu: 0 })).toBe('waiting: no worker is ready');
  });

  it('what was measured before a change counts no more', () => {
    const one = facts({ elu: 1 }, { settledSince: 110_000, changedAt: 110_000 });
    const samples = one.samples.map((sample) => (sample.at >= 113_000 ? { ...sample, elu: 0.5 } : sample));
    expect(decideScale(policy('elu', 0.6), { ...one, samples }).verdict).toBe('steady');
  });
});

it('a worker that leaves holds up only the way down', () => {
  expect(reasonOf({ elu: 0.82 }, { leaving: 1 })).toBe('elu 0.82 of 0.6 over 5 s: 2 → 3 workers');
  expect(reasonOf({ elu: 0.1 }, { leaving: 1, workers: 4 })).toBe('waiting: a worker is leaving');
  expect(reasonOf({ elu: 0.5 }, { leaving: 1, workers: 20 })).toBe('waiting: a worker is leaving');
  expect(reasonOf({ elu: 0.5 }, { leaving: 1 })).toBe('elu 0.50 of 0.6 over 5 s');
});

describe('down', () => {
  it('by one, when the whole of down_cooldown needed fewer', () => {
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.4 }, { workers: 4 }))).toEqual({
      verdict: 'change',
      to: 3,
      reason: 'at most elu 0.40 of 0.6 over 60 s: 4 → 3 workers',
    });
  });

  it('by half at most, when the target is missed by a multiple', () => {
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.01 }, { workers: 9 }))).toMatchObject({ to: 5 });
  });

  it('not when a few seconds of down_cooldown needed all, nor before it has passed', () => {
    const one = facts({ elu: 0.1 });
    const samples = one.samples.map((sample) => (sample.at > 70_000 && sample.at <= 75_000 ? { ...sample, elu: 0.6 } : sample));
    expect(decideScale(policy('elu', 0.6), { ...one, samples }).verdict).toBe('steady');
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.1 }, { changedAt: 70_000 })).verdict).toBe('steady');
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.1 }, { settledSince: 70_000 })).verdict).toBe('steady');
  });

  it('not when the rest would be near its target: it would go up again', () => {
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.28 })).verdict).toBe('steady');
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.26 }))).toMatchObject({ to: 1 });
  });

  it('with a p95 target when the rest would not be too busy', () => {
    const how = policy('p95_ms', 100);
    expect(decideScale(how, facts({ p95Ms: 5, elu: 0.4, cpu: 0.4 })).verdict).toBe('steady');
    expect(decideScale(how, facts({ p95Ms: 5, elu: 0.2, cpu: 0.2 }))).toMatchObject({ to: 1 });
    expect(decideScale(how, facts({ p95Ms: 95, elu: 0.2, cpu: 0.2 })).verdict, 'answers are slow enough').toBe('steady');
  });

  it('to the CPU budget, when that has shrunk', () => {
    expect(decideScale(policy('elu', 0.6), facts({ elu: 0.6 }, { workers: 6, cpuBudget: 4 }))).toEqual({
      verdict: 'change',
      to: 4,
      reason: 'the CPU budget is 4: 6 → 4 workers',
    });
  });
});

it('goes where the definition says at once', () => {
  expect(decideScale(policy('elu', 0.6, { min: 3 }), facts())).toEqual({ verdict: 'change', to: 3, reason: 'fewer than min: 2 → 3 workers' });
  expect(decideScale(policy('elu', 0.6, { max: 4 }), facts({}, { workers: 9 }))).toEqual({ verdict: 'change', to: 4, reason: 'more than max: 9 → 4 workers' });
});

it('goes up to min again less and less often when the workers fail', () => {
  const tried = (failures: number, agoMs: number): unknown => decideScale(policy('elu', 0.6, { min: 3 }), facts({}, { failures, changedAt: 120_000 - agoMs }));
  expect(tried(0, 0), 'nothing failed').toMatchObject({ verdict: 'change', to: 3 });
  expect(tried(2, 15_000)).toEqual({ verdict: 'blocked', reason: 'held: adding workers has failed 2 times, next attempt in 5 s (fewer than min)' });
  expect(tried(2, 20_000)).toMatchObject({ verdict: 'change', to: 3 });
});

it('a higher load never has fewer workers', () => {
  const target = (elu: number, workers: number): number => {
    const decision = decideScale(policy('elu', 0.6), facts({ elu }, { workers }));
    return decision.verdict === 'change' ? decision.to : workers;
  };
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 16 }), (a, b, workers) => {
      expect(target(Math.max(a, b), workers)).toBeGreaterThanOrEqual(target(Math.min(a, b), workers));
    }),
  );
});

describe('keepScale', () => {
  const scaled = sampleSpec({ scale: policy('elu', 0.6, { min: 2, max: 8 }) });
  it('a new definition does not interrupt what runs: its number within the new limits', () => {
    expect(keepScale({ ...scaled, instances: 2 }, scaled, 6).instances).toBe(6);
    expect(keepScale({ ...scaled, scale: policy('elu', 0.6, { max: 4 }) }, scaled, 6).instances).toBe(4);
  });
  it('a number that was set by hand stays, and stays', () => {
    const byHand = { ...scaled, scale: policy('elu', 0.6, { on: false }) };
    expect(keepScale(scaled, byHand, 12)).toMatchObject({ instances: 12, scale: { on: false, max: 8 } });
  });
  it('without one before or after, the new definition counts', () => {
    expect(keepScale(scaled, sampleSpec(), 6)).toBe(scaled);
    expect(keepScale(sampleSpec({ instances: 3 }), scaled, 6)).toEqual(sampleSpec({ instances: 3 }));
  });
});
