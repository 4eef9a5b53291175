import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { AppCounters } from '../../../src/primary/workers/app-counters.ts';
import type { Notify } from '../../../src/primary/workers/app-observer.ts';
import { WorkerHandle } from '../../../src/primary/workers/worker-handle.ts';
import type { WorkerProcess, WorkerProcessEvents } from '../../../src/primary/workers/worker-process.ts';
import { parseFromWorker } from '../../../src/protocol/parse-from-worker.ts';
import { attempt, Malformed } from '../../../src/protocol/parser.ts';
import { MARK } from '../../../src/protocol/worker.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';
import { garbage } from '../../protocol/garbage.ts';
import { FROM_WORKER } from '../../protocol/samples.ts';
import { heartbeat } from '../fake-workers.ts';

/** A worker whose process does nothing, and what its primary observes. */
function connected(): { told: string[]; say: (message: unknown, handle?: unknown) => void } {
  const told: string[] = [];
  let say: WorkerProcessEvents['control'] = () => expect.unreachable();
  const start = (events: WorkerProcessEvents): WorkerProcess => {
    say = events.control;
    return {
      pid: 0,
      stdout: null,
      stderr: null,
      connected: true,
      countsTree: false,
      takesConnections: true,
      readyBy: null,
      control() {},
      controlWithHandle() {},
      message() {},
      signal() {},
      kill() {},
    };
  };
  new WorkerHandle({
    id: 1,
    slot: 0,
    generation: 1,
    spec: sampleSpec(),
    predecessor: null,
    counters: new AppCounters(),
    start,
    notify: ((event: string) => void told.push(event)) as Notify<WorkerHandle>,
  });
  return { told, say: (message, handle) => say(message, handle) };
}

it('whatever an app writes to its channel: one report of what is malformed, and the next heartbeat counts', () => {
  const closed = vi.fn();
  fc.assert(
    fc.property(garbage(FROM_WORKER), (value) => {
      const { told, say } = connected();
      const message = typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value, cmd: MARK } : value;
      const handle = { close: closed };
      say(message, handle);
      const isOurs = typeof message === 'object' && message !== null && 'cmd' in message;
      if (isOurs && attempt(() => parseFromWorker(message, handle)) instanceof Malformed) expect(told).toEqual(['onBadMessage']);
      say({ cmd: MARK, t: 'heartbeat', beat: heartbeat({}) });
      expect(told.at(-1)).toBe('onBeat');
    }),
  );
  expect(closed).toHaveBeenCalled();
});
