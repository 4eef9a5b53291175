import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PrimaryWatch } from '../../src/daemon/primary-watch.ts';

class FakeAttachment {
  primary = { pid: 7, startTime: 1 };
  answers = true;
  pings = 0;
  readonly events = { hung: vi.fn() };
  #heard = false;

  says(): void {
    this.#heard = true;
  }

  heard(): boolean {
    const heard = this.#heard;
    this.#heard = false;
    return heard;
  }

  ping(): void {
    this.pings++;
    if (this.answers) this.says();
  }
}

let state = 'S';
let cpuMs = 0;
let watch: PrimaryWatch;
const attachment = (): FakeAttachment => {
  const made = new FakeAttachment();
  watch.add(made);
  return made;
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'setInterval'] });
  [state, cpuMs] = ['S', 0];
  watch = new PrimaryWatch(() => ({ state, cpuMs, waitedMs: 0 }));
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

it('reports a primary that is stopped within 7 s after its last word', async () => {
  const one = attachment();
  one.says();
  one.answers = false;
  state = 'T';
  await vi.advanceTimersByTimeAsync(5_900);
  expect(one.events.hung).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(one.events.hung).toHaveBeenCalledWith('it is stopped (SIGSTOP)');
  expect(one.pings).toBe(1);
});

it('reports one in an endless loop within 8 s', async () => {
  const one = attachment();
  one.says();
  one.answers = false;
  state = 'R';
  setInterval(() => (cpuMs += 100), 100);
  await vi.advanceTimersByTimeAsync(8_100);
  expect(one.events.hung).toHaveBeenCalledWith(expect.stringContaining('of CPU time without an answer'));
});

it('asks one that is silent, once per silence, and leaves alone one that answers', async () => {
  const one = attachment();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(one.events.hung).not.toHaveBeenCalled();
  expect(one.pings).toBe(20);
});

it('asks nothing of one that reports by itself', async () => {
  const one = attachment();
  setInterval(() => one.says(), 1_000);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(one.pings).toBe(0);
});

it('after a pause of the daemon itself nobody is to blame', async () => {
  const one = attachment();
  one.answers = false;
  await vi.advanceTimersByTimeAsync(2_100);
  // All that a pause leaves behind is one late look, before which the answer is read.
  one.says();
  one.answers = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(one.events.hung).not.toHaveBeenCalled();
});

it('forgets one that is gone', async () => {
  const one = attachment();
  one.answers = false;
  state = 'T';
  watch.remove(one);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(one.events.hung).not.toHaveBeenCalled();
});
