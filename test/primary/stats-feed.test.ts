import { afterEach, expect, it, vi } from 'vitest';
import { StatsFeed } from '../../src/primary/stats-feed.ts';
import type { AppStats } from '../../src/protocol/stats.ts';
import { app } from '../client/samples.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('sends at most once a second for the heartbeats of all workers, and at once for a change', () => {
  vi.useFakeTimers({ toFake: ['performance', 'setImmediate'] });
  const sent: AppStats[] = [];
  const feed = new StatsFeed({ snapshot: () => app(), send: (stats) => sent.push(stats) });
  feed.beat();
  expect(sent).toHaveLength(1);
  for (let at = 0; at < 4_000; at += 250) {
    vi.advanceTimersByTime(250);
    feed.beat();
  }
  expect(sent).toHaveLength(5);
  feed.changed();
  feed.changed();
  expect(sent).toHaveLength(5);
  vi.advanceTimersByTime(0);
  expect(sent).toHaveLength(6);
  vi.advanceTimersByTime(500);
  feed.beat();
  expect(sent).toHaveLength(6);
});

it('sends what changes, and not the definition', () => {
  const sent: AppStats[] = [];
  new StatsFeed({ snapshot: () => app(), send: (stats) => sent.push(stats) }).beat();
  expect(sent[0]).toMatchObject({ name: 'api', ready: 2, totals: app().totals });
  expect(sent[0]).not.toHaveProperty('spec');
});
