import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HangWatch, type Watched } from '../../../../src/primary/watch/hang/hang-watch.ts';

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => vi.useRealTimers());

interface FakeWorker extends Watched {
  state: Watched['state'];
  lastSignAt: number;
  idle: boolean;
}

function setUp({ timeoutMs = 30_000, debugged = () => false }: { timeoutMs?: number | null; debugged?: () => boolean } = {}) {
  const worker: FakeWorker = { pid: 1, state: 'ready', lastSignAt: 0, idle: false, inspectorPort: null };
  const found: { at: number; silentMs: number }[] = [];
  const watch = new HangWatch<FakeWorker>({
    workers: () => [worker],
    hangTimeoutMs: () => timeoutMs,
    hung: (_, silentMs) => found.push({ at: Date.now(), silentMs }),
    debugged,
    now: () => Date.now(),
  });
  const beats = setInterval(() => (worker.lastSignAt = Date.now()), 1_000);
  watch.start();
  return { worker, found, watch, hang: () => clearInterval(beats) };
}

/** Advances the clock without running timers, as for a suspended machine or a blocked primary. */
const freeze = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

describe('HangWatch', () => {
  it('reports a hung worker right after the timeout, once', () => {
    const { found, hang } = setUp();
    vi.advanceTimersByTime(60_000);
    hang();
    vi.advanceTimersByTime(60_000);
    expect(found).toEqual([{ at: 90_100, silentMs: 30_100 }]);
  });

  it('reports a worker again that recovered and hangs again', () => {
    const { worker, found, hang } = setUp();
    hang();
    vi.advanceTimersByTime(40_000);
    worker.lastSignAt = Date.now();
    vi.advanceTimersByTime(40_000);
    expect(found.map(({ at }) => at)).toEqual([30_100, 70_100]);
  });

  it('accepts a sign of life that had not been read yet', () => {
    const { worker, found, hang } = setUp();
    hang();
    vi.advanceTimersByTime(30_050);
    worker.lastSignAt = Date.now();
    vi.advanceTimersByTime(10_000);
    expect(found).toEqual([]);
  });

  it('does not report a worker because the machine was suspended', () => {
    const { found } = setUp({ timeoutMs: 3_000 });
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(900);
      freeze(60_000);
    }
    expect(found).toEqual([]);
  });

  it('gives a worker the full timeout after a suspension, even if its last sign came just before', () => {
    const { worker, found, hang } = setUp({ timeoutMs: 3_000 });
    hang();
    vi.advanceTimersByTime(1_200);
    worker.lastSignAt = Date.now();
    freeze(60_000);
    vi.advanceTimersByTime(2_000);
    expect(found).toEqual([]);
  });

  it('does not count a suspension, and still detects a hung worker', () => {
    const { found, hang } = setUp();
    hang();
    vi.advanceTimersByTime(10_000);
    freeze(3_600_000);
    vi.advanceTimersByTime(40_000);
    expect(found).toHaveLength(1);
    expect(found[0]?.silentMs).toBeGreaterThanOrEqual(30_000);
    expect(found[0]?.silentMs).toBeLessThan(36_000);
  });

  it('gives an idle worker 4 s more', () => {
    const { worker, found, hang } = setUp({ timeoutMs: 3_000 });
    hang();
    worker.idle = true;
    vi.advanceTimersByTime(20_000);
    expect(found.map(({ at }) => at)).toEqual([7_100]);
  });

  it('ignores a worker that is being debugged, and starts counting afterwards', () => {
    let attached = true;
    const { found, hang } = setUp({ debugged: () => attached });
    hang();
    vi.advanceTimersByTime(70_000);
    expect(found).toEqual([]);
    attached = false;
    vi.advanceTimersByTime(15_000);
    expect(found).toEqual([]);
    vi.advanceTimersByTime(16_000);
    expect(found).toHaveLength(1);
  });

  it('is off without a timeout and after stop', () => {
    const off = setUp({ timeoutMs: null });
    const { found, hang, watch } = setUp();
    off.hang();
    hang();
    watch.stop();
    vi.advanceTimersByTime(1e6);
    expect([...off.found, ...found]).toEqual([]);
  });
});
