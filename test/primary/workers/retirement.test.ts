import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { moveWorker, type WorkerState } from '../../../src/lifecycle/states.ts';
import { Retirement } from '../../../src/primary/workers/retirement.ts';
import type { WorkerHandle } from '../../../src/primary/workers/worker-handle.ts';

const killed = vi.hoisted(() => [] as number[]);
vi.mock('../../../src/system/processes.ts', () => ({ killTree: (pid: number) => killed.push(pid) }));

class FakeWorker {
  readonly pid = 7;
  askedBy: string | null = null;
  readonly quiet = false;
  readonly handler = null;
  killedAtDeadline = false;
  readonly posted: unknown[] = [];
  state: WorkerState;

  constructor(state: WorkerState) {
    this.state = state;
  }

  move(to: WorkerState): void {
    this.state = moveWorker(this.state, to);
  }

  post(message: { readonly t: string }): void {
    this.posted.push(message.t);
  }
}

const retire = (worker: FakeWorker, now = false): Retirement =>
  new Retirement(worker as unknown as WorkerHandle, { askedBy: 'stop', killTimeoutMs: 1_000, shutdownWithMessage: false, now });

beforeEach(() => {
  vi.useFakeTimers();
  killed.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

it.each(['starting', 'ready', 'ejected', 'draining', 'stopping'] as const)('takes a worker that is %s down to its end', (state) => {
  const worker = new FakeWorker(state);
  retire(worker);
  expect([worker.askedBy, worker.state, worker.posted]).toEqual(['stop', state === 'stopping' ? 'stopping' : 'draining', ['drain']]);
  vi.advanceTimersByTime(1_000);
  expect([worker.state, worker.killedAtDeadline, killed]).toEqual(['stopping', true, [7]]);
});

it.each(['draining', 'stopping'] as const)('ends one at once that is %s already', (state) => {
  retire(new FakeWorker(state), true);
  expect(killed).toEqual([7]);
});

it('leaves who asked first', () => {
  const worker = new FakeWorker('stopping');
  worker.askedBy = 'hung';
  retire(worker);
  expect(worker.askedBy).toBe('hung');
});
