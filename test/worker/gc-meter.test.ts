import { afterEach, beforeEach, expect, it, vi } from 'vitest';

type Callback = (list: { getEntries(): { duration: number }[] }) => void;

let callback: Callback;
let observing = false;
let now = 0;

class FakeObserver {
  constructor(given: Callback) {
    callback = given;
  }
  observe(): void {
    observing = true;
  }
  disconnect(): void {
    observing = false;
  }
}

beforeEach(() => {
  now = 0;
  observing = false;
  vi.stubGlobal('PerformanceObserver', FakeObserver);
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const { GcMeter } = await import('../../src/worker/gc-meter.ts');

/** So many collections, evenly from `now` to the time given, as far as somebody looks. */
function collect(n: number, duration: number, until: number): void {
  const every = (until - now) / n;
  for (let i = 0; i < n; i++) {
    now += every;
    if (observing) callback({ getEntries: () => [{ duration }] });
  }
}

it('counts every collection if there are few', () => {
  const meter = new GcMeter();
  meter.start();
  collect(5, 2, 1_000);
  expect(meter.read()).toEqual({ count: 5, ms: 10 });
  collect(19, 1, 2_000);
  expect(meter.read()).toEqual({ count: 24, ms: 29 });
  expect(observing).toBe(true);
});

it('observes 20 if there are many, and extrapolates the rest', () => {
  const meter = new GcMeter();
  meter.start();
  collect(200, 1, 1_000);
  expect(observing).toBe(false);
  expect(meter.read()).toEqual({ count: 200, ms: 200 });
  expect(observing).toBe(true);
  collect(100, 2, 2_000);
  expect(meter.read()).toEqual({ count: 300, ms: 400 });
  collect(10, 1, 3_000);
  expect(meter.read()).toEqual({ count: 310, ms: 410 });
});
