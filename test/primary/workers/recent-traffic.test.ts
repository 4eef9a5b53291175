import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentTraffic } from '../../../src/primary/workers/recent-traffic.ts';

const PER_SECOND = 100;

/** Beats of a worker with constant traffic between two times, as `HeartbeatSender` sends them. */
function beatsOf(first: number, last: number, phase: number): { readonly from: number; readonly to: number; readonly answers: number }[] {
  const ends = new Set<number>();
  for (let at = first - (first % 1_000) + phase; at < last; at += 1_000) if (at > first) ends.add(at);
  // More often in its first two seconds, and in the moment in which it gets nothing any more.
  for (let at = first + 200; at <= first + 2_000; at += 200) ends.add(at);
  ends.add(last);
  let from = first;
  return [...ends]
    .filter((at) => at <= last)
    .sort((a, b) => a - b)
    .map((to) => {
      const beat = { from, to, answers: ((to - from) / 1_000) * PER_SECOND };
      from = to;
      return beat;
    });
}

describe('RecentTraffic', () => {
  it('does not fall or rise while the traffic of one worker moves to the next, whenever they send their beats', () => {
    const moment = fc.integer({ min: 3_000, max: 9_000 });
    fc.assert(
      fc.property(moment, fc.nat(999), fc.nat(999), fc.nat(300), (movesAt, oldPhase, newPhase, exitsAfterMs) => {
        const before = { beats: beatsOf(0, movesAt, oldPhase), traffic: new RecentTraffic() };
        const soon = Math.min(200, exitsAfterMs);
        before.beats.push({ from: movesAt, to: movesAt + soon, answers: 0 }, { from: movesAt + soon, to: movesAt + exitsAfterMs, answers: 0 });
        const after = { beats: beatsOf(movesAt, 20_000, newPhase), traffic: new RecentTraffic() };
        for (let at = 2_500; at < 15_000; at += 50) {
          for (const { beats, traffic } of [before, after])
            while (beats[0] !== undefined && beats[0].to <= at) traffic.add({ ...beats.shift()!, serverErrors: 0, latency: [] });
          if (at >= movesAt + exitsAfterMs) before.traffic.end(movesAt + exitsAfterMs);
          const rate = before.traffic.requestsPerSecond(at) + after.traffic.requestsPerSecond(at);
          expect(Math.abs(rate - PER_SECOND), `at ${at}`).toBeLessThanOrEqual(PER_SECOND * 0.05);
        }
      }),
    );
  });

  it('counts a worker that has exited for one more second, and its percentiles for ten', () => {
    const traffic = new RecentTraffic();
    traffic.add({ from: 0, to: 1_000, answers: 50, serverErrors: 5, latency: [50] });
    traffic.end(1_000);
    expect([1_250, 1_750, 2_250].map((at) => traffic.requestsPerSecond(at))).toEqual([50, 25, 0]);
    expect([traffic.answers(10_999), traffic.latency(10_999)[0], traffic.answers(11_000)]).toEqual([
      { answers: 50, serverErrors: 5 },
      50,
      { answers: 0, serverErrors: 0 },
    ]);
  });
});
