import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { moveWorker } from '../../../src/lifecycle/move-worker.ts';
import type { WorkerState } from '../../../src/lifecycle/states.ts';
import { Retirement } from '../../../src/primary/workers/retirement.ts';
import { SelfDescription } from '../../../src/primary/workers/self-description.ts';
import { WorkerEnd } from '../../../src/primary/workers/worker-end.ts';
import type { WorkerHandle } from '../../../src/primary/workers/worker-handle.ts';

const killed: number[] = [];

class FakeWorker {
  readonly pid = 7;
  readonly end = new WorkerEnd();
  readonly self = new SelfDescription();
  readonly posted: unknown[] = [];
  readonly descendants = { leaveBy: Number.POSITIVE_INFINITY, note: (): void => {} };
  state: WorkerState;

  constructor(state: WorkerState) {
    this.state = state;
  }

  move(to: WorkerState): void {
    this.state = moveWorker(this.state, to);
  }

  readonly channel = {
    post: (message: { readonly t: string }): void => void this.posted.push(message.t),
  };

  kill(): void {
    killed.push(this.pid);
  }
}

const retire = (worker: FakeWorker, now = false): Retirement =>
  new Retirement(worker as unknown as WorkerHandle, { stopReason: 'stop', killTimeoutMs: 1_000, shutdownWithMessage: false, killSignal: null, now });

beforeEach(() => {
  vi.useFakeTimers();
  killed.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

it.each(['starting', 'ready', 'ejected', 'draining', 'stopping'] as const)('takes a worker that is %s down the ladder', (state) => {
  const worker = new FakeWorker(state);
  retire(worker);
  expect([worker.end.stopReason, worker.state, worker.posted]).toEqual(['stop', state === 'stopping' ? 'stopping' : 'draining', ['drain']]);
  vi.advanceTimersByTime(1_000);
  expect([worker.state, worker.end.killedAtDeadline, killed]).toEqual(['stopping', true, [7]]);
});

it.each(['draining', 'stopping'] as const)('kills a worker that is already %s', (state) => {
  retire(new FakeWorker(state), true);
  expect(killed).toEqual([7]);
});

it('keeps the first reason', () => {
  const worker = new FakeWorker('stopping');
  worker.end.ask('hung');
  retire(worker);
  expect(worker.end.stopReason).toBe('hung');
});
