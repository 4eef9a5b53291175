import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LbError } from '../errors/lb-error.ts';
import type { ProgressRecord } from '../protocol/control.ts';
import type { EmitEvent } from '../protocol/event.ts';
import type { ProfileBody, ProfileFile, ProfileKind } from '../protocol/profile.ts';
import { now, wallNow } from '../system/clock.ts';
import { currentWorker, type Pool } from './pool.ts';
import type { WorkerHandle } from './worker-handle.ts';

const DEFAULT_DURATION_MS = 10_000;
/** What a worker has to finish before its heap is written. */
const QUIET_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 50;
/** Beyond the duration; a snapshot of a heap of some gigabytes takes minutes. */
const ANSWER_WITHIN_MS: Readonly<Record<ProfileKind, number>> = { cpu: 60_000, 'heap-sampling': 60_000, heap: 600_000, report: 30_000 };

const EXTENSIONS: Readonly<Record<ProfileKind, string>> = { cpu: 'cpuprofile', heap: 'heapsnapshot', 'heap-sampling': 'heapprofile', report: 'report.json' };
const TITLES: Readonly<Record<ProfileKind, string>> = { cpu: 'CPU profile', heap: 'heap snapshot', 'heap-sampling': 'heap sampling', report: 'report' };

interface ProfilerOptions {
  readonly app: string;
  readonly pool: Pool;
  /** Where the files go. */
  readonly directory: string;
  /** A worker leaves the rotation, or is back. */
  readonly rotationChanged: () => void;
  readonly event: EmitEvent;
}

/** Takes profiles of the workers of an app; the app knows nothing of it. */
export class Profiler {
  readonly #options: ProfilerOptions;

  constructor(options: ProfilerOptions) {
    this.#options = options;
  }

  /** @throws LbError LB_ERR_SLOT, LB_ERR_PROFILE */
  async take({ what, slot, durationMs = DEFAULT_DURATION_MS }: ProfileBody, progress: (record: ProgressRecord) => void): Promise<ProfileFile> {
    const { app, event } = this.#options;
    const worker = this.#choose(what, slot);
    const say = (message: string): void =>
      progress({ type: 'progress', app, operation: 'profile', step: 'note', slot: worker.slot, generation: worker.generation, pid: worker.pid, message: `${app}[${worker.slot}] ${message}` });
    worker.profile.reserve(what);
    try {
      const lasts = what === 'cpu' || what === 'heap-sampling';
      if (what === 'heap') await this.#leaveRotation(worker, say);
      say(`${TITLES[what]} begins${lasts ? `, for ${durationMs / 1000} s` : ''} (pid ${worker.pid})`);
      const written = await this.#write(worker, what, lasts ? durationMs : 0);
      event('profile', `${TITLES[what]} of worker ${worker.slot}: ${written.path}`, worker);
      return { what, ...written, slot: worker.slot, pid: worker.pid };
    } finally {
      worker.profile.release();
      if (what === 'heap') {
        this.#options.rotationChanged();
        if (worker.state === 'ready') say('is in the rotation again');
      }
    }
  }

  async #write(worker: WorkerHandle, what: ProfileKind, durationMs: number): Promise<{ readonly path: string; readonly bytes: number }> {
    const { app, directory } = this.#options;
    const path = join(directory, `${app}-${worker.slot}-${worker.pid}-${fileTime(wallNow())}.${EXTENSIONS[what]}`);
    if (!worker.connected) throw new LbError('LB_ERR_PROFILE', { what, app, reason: 'the worker ended meanwhile' });
    const written = worker.profile.written(path, { app, timeoutMs: durationMs + ANSWER_WITHIN_MS[what] });
    worker.post({ t: 'profile', request: { what, durationMs, path } });
    try {
      return { path, bytes: await written };
    } catch (error) {
      // A worker that was killed in the middle leaves a file that is of no use.
      await rm(path, { force: true });
      throw error;
    }
  }

  /** The named one, or the busiest of those that are ready. */
  #choose(what: ProfileKind, slot: number | undefined): WorkerHandle {
    const { app, pool } = this.#options;
    const fail = (reason: string): never => {
      throw new LbError('LB_ERR_PROFILE', { what, app, reason });
    };
    if (slot !== undefined && slot >= pool.wanted) throw new LbError('LB_ERR_SLOT', { app, slot, last: pool.wanted - 1 });
    const ready = pool.workers.filter(({ state, connected }) => (state === 'ready' || state === 'ejected') && connected);
    const worker = slot === undefined ? busiest(ready) : currentWorker(pool.slot(slot));
    if (worker === undefined) return fail(slot === undefined ? 'no worker is ready' : `slot ${slot} has no worker now`);
    if (!ready.includes(worker)) return fail(`worker ${worker.slot} is ${worker.state}`);
    if (worker.profile.kind !== null) return fail(`a ${TITLES[worker.profile.kind]} of worker ${worker.slot} is under way`);
    return worker;
  }

  /** It is blocked while its heap is written: no new connections, and the requests it has are finished first. */
  async #leaveRotation(worker: WorkerHandle, say: (message: string) => void): Promise<void> {
    this.#options.rotationChanged();
    say('leaves the rotation');
    const deadline = now() + QUIET_WITHIN_MS;
    const { last } = worker.meter;
    const isQuiet = (): boolean => worker.pending === null && worker.meter.last !== last && worker.meter.last?.requestsInFlight === 0;
    if (worker.idle && worker.pending === null) return;
    while (!isQuiet() && now() < deadline && worker.state !== 'exited') await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function busiest(workers: readonly WorkerHandle[]): WorkerHandle | undefined {
  const load = ({ meter }: WorkerHandle): number => meter.last?.eventLoopUtilization ?? 0;
  return [...workers].sort((a, b) => load(b) - load(a) || b.meter.requestsPerSecond - a.meter.requestsPerSecond || a.slot - b.slot)[0];
}

/** `20261120T143242123`, in UTC. */
function fileTime(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:.Z]/g, '');
}
