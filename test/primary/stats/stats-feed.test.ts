import { afterEach, expect, it, vi } from 'vitest';
import { StatsFeed } from '../../../src/primary/stats/stats-feed.ts';
import type { AppStats } from '../../../src/protocol/stats.ts';
import { app } from '../../client/samples.ts';

const quiet = (): AppStats => app({ requestsPerSecond: 0 });

afterEach(() => {
  vi.useRealTimers();
});

it('sends at most once a second for the heartbeats of all workers, and immediately for a change', () => {
  vi.useFakeTimers({ toFake: ['performance', 'setImmediate', 'setTimeout', 'clearTimeout'] });
  const sent: AppStats[] = [];
  const feed = new StatsFeed({ stats: quiet, idle: () => false, send: (stats) => sent.push(stats) });
  feed.onBeat();
  expect(sent).toHaveLength(1);
  for (let at = 0; at < 4_000; at += 250) {
    vi.advanceTimersByTime(250);
    feed.onBeat();
  }
  expect(sent).toHaveLength(5);
  feed.changed();
  feed.changed();
  expect(sent).toHaveLength(5);
  vi.advanceTimersByTime(0);
  expect(sent).toHaveLength(6);
  vi.advanceTimersByTime(500);
  feed.onBeat();
  expect(sent).toHaveLength(6);
});

it('sends every 5 s while all are idle, but reports the change to and from idle immediately', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const sent: number[] = [];
  let idle = false;
  const feed = new StatsFeed({ stats: quiet, idle: () => idle, send: () => sent.push(performance.now()) });
  const beatAt = (at: number): void => {
    vi.advanceTimersByTime(at - performance.now());
    feed.onBeat();
  };
  const start = performance.now();
  feed.onBeat();
  idle = true;
  for (let at = 1_000; at <= 12_000; at += 1_000) beatAt(start + at);
  idle = false;
  for (let at = 13_000; at <= 14_000; at += 1_000) beatAt(start + at);
  expect(sent.map((at) => Math.round((at - start) / 1_000))).toEqual([0, 1, 6, 11, 13, 14]);
});

it('reports early heartbeats soon after the second is over, and has no timer when nothing is left to report', () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  const sent: number[] = [];
  let idle = false;
  const start = performance.now();
  const feed = new StatsFeed({ stats: quiet, idle: () => idle, send: () => sent.push(Math.round(performance.now() - start)) });
  feed.onBeat();
  for (const at of [300, 600]) {
    vi.advanceTimersByTime(at - (performance.now() - start));
    idle = at === 600;
    feed.onBeat();
  }
  vi.advanceTimersByTime(900);
  feed.onBeat();
  expect(sent).toEqual([0, 1_050]);
  expect(vi.getTimerCount()).toBe(0);
});

it('reports once more when what exited workers answered no longer counts', () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  const sent: number[] = [];
  let requestsPerSecond = 50;
  const feed = new StatsFeed({ stats: () => app({ requestsPerSecond }), idle: () => true, send: (stats) => sent.push(stats.requestsPerSecond) });
  feed.onBeat();
  requestsPerSecond = 0;
  vi.advanceTimersByTime(10_000);
  expect(sent).toEqual([50, 0]);
  expect(vi.getTimerCount()).toBe(0);
});
