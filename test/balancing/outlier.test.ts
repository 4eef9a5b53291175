import { describe, expect, it } from 'vitest';
import { addSample, gainedIn, outliers, type CounterSample, type WorkerFacts } from '../../src/balancing/outlier.ts';

const policy = { takeTimeoutMs: 5_000, loopDelayMs: 1_000, errorRate: 0.5 };
const WELL: WorkerFacts = { id: 0, untakenMs: 0, loopDelaysMs: [1, 0, 2], refusals: 0, requests: 100, serverErrors: 2 };
const group = (...changes: readonly Partial<WorkerFacts>[]): WorkerFacts[] => changes.map((change, id) => ({ ...WELL, id, ...change }));
const found = (...changes: readonly Partial<WorkerFacts>[]): unknown => Object.fromEntries(outliers(group(...changes), policy));

describe('outliers', () => {
  it.each([
    { what: 'all are well', workers: [{}, {}, {}], out: {} },
    { what: 'a connection waits', workers: [{}, { untakenMs: 5_234 }], out: { 1: 'a connection was not taken in 5.2 s' } },
    { what: 'a connection has not waited long', workers: [{}, { untakenMs: 4_999 }], out: {} },
    {
      what: 'the loop is late twice of three times',
      workers: [{ loopDelaysMs: [1_000, 3, 2_340] }, {}],
      out: { 0: 'its event loop was late by 1 s and 2.3 s' },
    },
    { what: 'the loop was late before', workers: [{ loopDelaysMs: [9_000, 9_000, 1, 2, 9_000] }, {}], out: {} },
    { what: 'it refuses', workers: [{ refusals: 5 }, { refusals: 4 }], out: { 0: '5 connections were not accepted in 10 s' } },
    { what: 'it has two reasons', workers: [{ untakenMs: 6_000, refusals: 9 }, {}], out: { 0: 'a connection was not taken in 6 s' } },
    {
      what: 'two have a reason each',
      workers: [{ untakenMs: 6_000 }, { refusals: 9 }, {}],
      out: { 0: 'a connection was not taken in 6 s', 1: '9 connections were not accepted in 10 s' },
    },
    { what: 'nobody is there', workers: [], out: {} },
  ])('$what', ({ workers, out }) => {
    expect(found(...workers)).toEqual(out);
  });

  it.each([
    { what: 'half of them', workers: [{ untakenMs: 9_000 }, {}], count: 1 },
    { what: 'more than half of them', workers: [{ untakenMs: 9_000 }, { untakenMs: 9_000 }, {}], count: 0 },
    { what: 'the only one', workers: [{ untakenMs: 9_000, loopDelaysMs: [9_000, 9_000, 9_000], refusals: 99 }], count: 0 },
  ])('what hits $what: $count to blame', ({ workers, count }) => {
    expect(outliers(group(...workers), policy).size).toBe(count);
  });
});

describe('answers with 5xx', () => {
  const failing = { requests: 20, serverErrors: 16 };
  it.each([
    { what: 'far above its peers', workers: [failing, {}, {}], out: { 0: '16 of 20 answers were 5xx (peers: 2 %)' } },
    { what: 'far above its only peer', workers: [failing, {}], out: { 0: '16 of 20 answers were 5xx (peers: 2 %)' } },
    { what: 'too few answers', workers: [{ requests: 19, serverErrors: 19 }, {}], out: {} },
    { what: 'peers without traffic', workers: [failing, { requests: 19, serverErrors: 0 }], out: {} },
    {
      what: 'peers with little traffic each',
      workers: [failing, { requests: 10, serverErrors: 0 }, { requests: 10, serverErrors: 0 }],
      out: { 0: '16 of 20 answers were 5xx (peers: 0 %)' },
    },
    { what: 'less than half', workers: [{ requests: 100, serverErrors: 49 }, { serverErrors: 0 }], out: {} },
    { what: 'just half', workers: [{ requests: 100, serverErrors: 50 }, { serverErrors: 0 }], out: { 0: '50 of 100 answers were 5xx (peers: 0 %)' } },
    { what: 'peers fail as well', workers: [{ requests: 100, serverErrors: 80 }, { serverErrors: 24 }], out: {} },
    {
      what: 'peers fail a little less',
      workers: [{ requests: 100, serverErrors: 80 }, { serverErrors: 23 }],
      out: { 0: '80 of 100 answers were 5xx (peers: 23 %)' },
    },
    { what: 'everything fails', workers: [{ serverErrors: 100 }, { serverErrors: 100 }, { serverErrors: 100 }], out: {} },
  ])('$what', ({ workers, out }) => {
    expect(found(...workers)).toEqual(out);
  });
});

describe('the window', () => {
  it('counts what came in the last ten seconds, not before', () => {
    let samples: readonly CounterSample[] = [];
    for (let second = 0; second <= 30; second++)
      samples = addSample(samples, { at: second * 1_000, requests: second * 7, serverErrors: second, refusals: second < 25 ? 0 : 3 });
    expect(gainedIn(samples)).toEqual({ requests: 70, serverErrors: 10, refusals: 3 });
    expect(samples).toHaveLength(11);
  });

  it('knows nothing at first', () => {
    expect(gainedIn([])).toEqual({ requests: 0, serverErrors: 0, refusals: 0 });
    expect(gainedIn(addSample([], { at: 5, requests: 500, serverErrors: 400, refusals: 3 }))).toEqual({ requests: 0, serverErrors: 0, refusals: 0 });
  });
});
