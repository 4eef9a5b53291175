import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LbError, messageOf } from '../../errors/lb-error.ts';
import { isServing } from '../../lifecycle/states.ts';
import type { ProgressRecord } from '../../protocol/control.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import { PROFILE_TITLES, type ProfileBody, type ProfileFile, type ProfileKind } from '../../protocol/profile.ts';
import { now, wallNow } from '../../system/clock.ts';
import { moveFile } from '../../system/move-file.ts';
import type { Router } from '../ingress/router.ts';
import { currentWorker, type Pool } from '../workers/pool.ts';
import { presentLoad } from '../workers/present-load.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import { profileName, removeOutdated } from './profile-files.ts';

const DEFAULT_DURATION_MS = 10_000;
/** How long a worker may take to become quiet before its heap is written. Node closes idle keep-alive connections after 5 s. */
const QUIET_WITHIN_MS = 6_000;
const ALL_CONNECTIONS = Number.MAX_SAFE_INTEGER;
const CHECK_EVERY_MS = 50;
/** Time for the answer, on top of the duration. A snapshot of a heap of several gigabytes takes minutes. */
const ANSWER_WITHIN_MS: Readonly<Record<ProfileKind, number>> = { cpu: 60_000, 'heap-sampling': 60_000, heap: 600_000, report: 30_000 };

interface ProfilerOptions {
  readonly app: string;
  readonly pool: Pool;
  /** Where the files are written. */
  readonly directory: string;
  readonly router: Pick<Router, 'changed' | 'members'>;
  readonly event: EmitEvent;
}

/** Takes profiles of an app's workers, without the app's cooperation. */
export class Profiler {
  readonly #options: ProfilerOptions;

  constructor(options: ProfilerOptions) {
    this.#options = options;
  }

  /** @throws LbError LB_ERR_SLOT, LB_ERR_PROFILE */
  async take({ what, slot, durationMs = DEFAULT_DURATION_MS, output }: ProfileBody, progress: (record: ProgressRecord) => void): Promise<ProfileFile> {
    const { app, event } = this.#options;
    const worker = this.#choose(what, slot);
    const note = (message: string): void =>
      progress({
        type: 'progress',
        app,
        operation: 'profile',
        step: 'note',
        slot: worker.slot,
        generation: worker.generation,
        pid: worker.pid,
        message: `${app}[${worker.slot}] ${message}`,
      });
    worker.profile.reserve(what);
    try {
      const lasts = what === 'cpu' || what === 'heap-sampling';
      if (what === 'heap') await this.#leaveRotation(worker, note);
      note(`${PROFILE_TITLES[what]} started${lasts ? `, for ${durationMs / 1000} s` : ''} (pid ${worker.pid})`);
      const { path: writtenTo, bytes } = await this.#write(worker, what, lasts ? durationMs : 0);
      const path =
        output === undefined
          ? writtenTo
          : await moveFile(writtenTo, output).then(
              () => output,
              () => writtenTo,
            );
      // The profile is written, so an error here must not fail the order.
      void removeOutdated(this.#options.directory).catch(() => {});
      event('profile', `${PROFILE_TITLES[what]} of worker ${worker.slot}: ${path}`, worker);
      return { what, path, bytes, slot: worker.slot, pid: worker.pid };
    } catch (error) {
      // The event reports the failure even if the client has disconnected.
      event('profile-failed', messageOf(error), worker);
      throw error;
    } finally {
      worker.profile.release();
      if (what === 'heap') {
        worker.channel.post({ t: 'rebalance', count: 0 });
        this.#options.router.changed();
        if (worker.state === 'ready') note('back in rotation');
      }
    }
  }

  async #write(worker: WorkerHandle, what: ProfileKind, durationMs: number): Promise<{ readonly path: string; readonly bytes: number }> {
    const { app, directory } = this.#options;
    const { slot, pid } = worker;
    const path = join(directory, profileName({ what, app, slot, pid, at: wallNow() }));
    if (!worker.channel.connected) throw new LbError('LB_ERR_PROFILE', { what: PROFILE_TITLES[what], app, reason: 'the worker exited' });
    const partial = `${path}.partial`;
    const written = worker.profile.written(path, { what, app, timeoutMs: durationMs + ANSWER_WITHIN_MS[what] });
    worker.channel.post({ t: 'profile', request: { what, durationMs, path, partial } });
    try {
      return { path, bytes: await written };
    } catch (error) {
      // A worker that was killed while writing leaves a useless file.
      for (const left of [partial, path]) await rm(left, { force: true });
      throw error;
    }
  }

  /** The worker of the given slot, or the busiest ready one. */
  #choose(what: ProfileKind, slot: number | undefined): WorkerHandle {
    const { app, pool } = this.#options;
    const fail = (reason: string): never => {
      throw new LbError('LB_ERR_PROFILE', { what: PROFILE_TITLES[what], app, reason });
    };
    if (slot !== undefined && slot >= pool.wanted) throw new LbError('LB_ERR_SLOT', { app, slot, last: pool.wanted - 1 });
    const ready = pool.workers.filter(({ state, channel }) => isServing(state) && channel.connected);
    const worker = slot === undefined ? busiest(ready) : currentWorker(pool.slot(slot));
    if (worker === undefined) return fail(slot === undefined ? 'no worker is ready' : `slot ${slot} has no worker`);
    if (!ready.includes(worker)) return fail(`worker ${worker.slot} is ${worker.state}`);
    if (worker.profile.kind !== null) return fail(`a ${PROFILE_TITLES[worker.profile.kind]} of worker ${worker.slot} is already running`);
    return worker;
  }

  /**
   * The worker is blocked while its heap is written. So it gets no new connections, its keep-alive connections close after
   * their next response, and its current requests finish first.
   */
  async #leaveRotation(worker: WorkerHandle, note: (message: string) => void): Promise<void> {
    const { router } = this.#options;
    router.changed();
    const alone = router.members.length === 0;
    note(alone ? 'taken out of rotation; no other worker is serving, so its clients wait' : 'taken out of rotation');
    if (!alone) worker.channel.post({ t: 'rebalance', count: ALL_CONNECTIONS });
    const deadline = now() + QUIET_WITHIN_MS;
    const { last } = worker.meter;
    const isQuiet = (): boolean => {
      const { last: beat } = worker.meter;
      return worker.handOff.pending === null && beat?.requestsInFlight === 0 && (alone || beat.kept === 0) && (beat !== last || worker.idle);
    };
    while (!isQuiet() && now() < deadline && worker.state !== 'exited') await sleep(CHECK_EVERY_MS);
  }
}

function busiest(workers: readonly WorkerHandle[]): WorkerHandle | undefined {
  const at = now();
  const load = (worker: WorkerHandle): number => presentLoad(worker, at).utilization;
  return [...workers].sort((a, b) => load(b) - load(a) || b.meter.requestsPerSecond(at) - a.meter.requestsPerSecond(at) || a.slot - b.slot)[0];
}
