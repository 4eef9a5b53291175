import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DaemonWatch } from '../../src/primary/daemon-watch.ts';
import type { ProcessId } from '../../src/system/processes.ts';

const DAEMON: ProcessId = { pid: 7, startTime: 1 };
let daemon: ProcessId | null = DAEMON;
let state = 'S';
let answers = true;
let pings = 0;
const kill = vi.fn(() => true);
const killed = vi.fn();
const watch: DaemonWatch = new DaemonWatch({
  ports: { find: () => daemon, threadOf: () => ({ state, cpuMs: 0, waitedMs: 0 }), kill },
  ping: () => {
    pings++;
    if (answers) watch.heard(true);
  },
  killed,
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] });
  [daemon, state, answers, pings] = [DAEMON, 'S', true, 0];
  kill.mockClear();
  killed.mockClear();
});
afterEach(() => {
  watch.end();
  vi.useRealTimers();
});

it('kills a daemon that is stopped within 7 s after its last word, and says so', async () => {
  watch.begin();
  [answers, state] = [false, 'T'];
  await vi.advanceTimersByTimeAsync(5_900);
  expect(kill).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(kill).toHaveBeenCalledWith(DAEMON);
  expect(killed).toHaveBeenCalledWith('it is stopped (SIGSTOP)');
});

it('leaves alone one that answers, and one that never answered a ping, because it is of an older version', async () => {
  watch.begin();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(pings).toBeGreaterThan(10);
  [answers, pings] = [false, 0];
  watch.begin();
  watch.heard(false);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([pings, kill.mock.calls]).toEqual([1, []]);
});

it('kills nobody who is not provably the daemon of this home', async () => {
  watch.begin();
  [answers, state, daemon] = [false, 'T', null];
  await vi.advanceTimersByTimeAsync(10_000);
  expect(kill).not.toHaveBeenCalled();
});

it('without a connection: tells a daemon that is gone from one that hangs and one that only has no socket', () => {
  expect(watch.missed(false).state).toBe('there');
  for (let look = 0; look < 20; look++) expect(watch.missed(false).state).toBe('there');
  expect([1, 2, 3, 4].map(() => watch.missed(true).state)).toEqual(['there', 'there', 'killed', 'killed']);
  daemon = null;
  expect(watch.missed(false).state).toBe('absent');
});
