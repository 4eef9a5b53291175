import type { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { WorkerSettings } from '../protocol/worker.ts';
import { UsageSampler } from '../system/usage.ts';
import { Dispatcher } from './dispatcher.ts';
import { Listeners } from './listeners.ts';
import { LogSink } from './log-sink.ts';
import { OperationRunner } from './operation-runner.ts';
import type { OperationContext } from './operations/operation.ts';
import { RecycleOperation } from './operations/recycle.ts';
import { Pool } from './pool.ts';
import { Router } from './router.ts';
import { Sampler } from './sampler.ts';
import { takeSnapshot } from './snapshot.ts';
import type { SpawnChannel } from './spawn-channel.ts';
import { Supervisor } from './supervisor.ts';
import type { WorkerEvents, WorkerHandle } from './worker-handle.ts';

interface RuntimeOptions {
  readonly spec: AppSpec;
  readonly preload: string;
  readonly workerSettings: (spec: AppSpec) => WorkerSettings;
  readonly channel: SpawnChannel;
  readonly listeners: Listeners;
  readonly dispatcher: Dispatcher;
  /** When the app was started, monotonic and for people. */
  readonly startedAt: number;
  readonly startedWall: number;
  readonly event: (kind: string, message: string, worker?: { readonly slot: number; readonly pid: number }) => void;
  readonly onEnded: (state: 'stopped' | 'errored', error: LbError | null) => void;
}

/** The sockets of an app and the queue in front of its workers; they exist before the app does, to take over what was kept. */
export function openFrontDoor(channel: SpawnChannel): { listeners: Listeners; dispatcher: Dispatcher } {
  const dispatcher = new Dispatcher({
    crowded: (key) => listeners.pause(key),
    relieved: (key) => listeners.resume(key),
  });
  const listeners: Listeners = new Listeners({
    onConnection: (key, connection) => dispatcher.accept(key, connection),
    onOpened: (listener) => channel.keep(listener),
    onClosed: (key) => {
      dispatcher.close(key);
      channel.drop(key);
    },
    borrow: (key) => {
      channel.borrow(key);
      return channel.open;
    },
  });
  return { listeners, dispatcher };
}

/** The parts of a primary, put together for one app. */
export class AppRuntime {
  readonly pool: Pool;
  readonly runner: OperationRunner;
  readonly supervisor: Supervisor;
  readonly logs: LogSink;
  readonly sampler: Sampler;
  readonly context: OperationContext;
  readonly #options: RuntimeOptions;
  readonly #usage = new UsageSampler();
  readonly #router: Router;
  readonly #recycling = new WeakSet<WorkerHandle>();

  constructor(options: RuntimeOptions) {
    const { spec, preload, workerSettings, listeners, dispatcher, event, onEnded } = options;
    const app = spec.name;
    this.#options = options;
    this.logs = new LogSink(app, (problem) => event('log', problem));
    this.#router = new Router(dispatcher, listeners, () => this.pool.workers);
    this.pool = new Pool({ spec, preload, workerSettings, events: this.#workerEvents(), onForked: (worker) => this.#forked(worker) });
    this.runner = new OperationRunner({
      app,
      onFinished: (kind, outcome) => this.supervisor.operationFinished(kind, outcome),
      wake: () => this.supervisor.wake(),
    });
    this.supervisor = new Supervisor({ app, pool: this.pool, runner: this.runner, event, appListens: () => listeners.expected, onEnded });
    this.context = {
      pool: this.pool,
      wakeIn: (ms) => this.supervisor.wakeIn(ms),
      progress: (step, message, worker) => this.runner.progress(step, message, worker),
      closeUnusedListeners: () => listeners.closeAllBut(new Set(this.pool.workers.flatMap((worker) => [...worker.keys]))),
    };
    this.sampler = new Sampler({
      usage: this.#usage,
      workers: () => this.pool.workers.filter((worker) => worker.state !== 'exited'),
      limitBytes: () => this.pool.spec.maxMemoryBytes,
      onOverLimit: (worker, memoryBytes) => this.#recycle(worker, memoryBytes),
    });
    this.sampler.start();
  }

  snapshot(): AppSnapshot {
    const { listeners, dispatcher, startedAt, startedWall, channel } = this.#options;
    const { pool, runner, supervisor } = this;
    return takeSnapshot({ pool, runner, supervisor, listeners, dispatcher, startedAt, startedWall, socketsKept: channel.open });
  }

  /** After the last worker: everything written, nothing listening. */
  async close(): Promise<void> {
    this.sampler.stop();
    this.#options.listeners.closeAllBut(new Set());
    await this.logs.close();
  }

  #forked(worker: WorkerHandle): void {
    this.logs.attach(worker, this.pool.spec);
    this.supervisor.forked(worker);
  }

  #workerEvents(): WorkerEvents {
    const { listeners, dispatcher } = this.#options;
    return {
      stateChanged: (worker, from) => {
        this.#router.changed();
        this.supervisor.stateChanged(worker, from);
      },
      listen: (worker, seq, query) => {
        void listeners.listen(query).then(({ errno, listener }) => {
          worker.answerListen(seq, query.key, errno, listener?.name ?? null);
          this.supervisor.wake();
        });
      },
      routesChanged: () => this.#router.changed(),
      free: (worker) => dispatcher.pumpFor(worker),
      notTaken: (worker, pending) => this.#router.notTaken(worker, pending),
      said: (worker, message) => {
        if (message === 'ready') this.supervisor.saidReady(worker);
      },
      exited: (worker, code) => {
        this.#usage.forget(worker.pid);
        this.supervisor.exited(worker, code);
      },
      gone: (worker, report) => this.supervisor.gone(worker, report),
      drainChanged: (worker) => this.supervisor.drainChanged(worker),
    };
  }

  /** The soft memory limit: one worker after the other, through the queue of operations. */
  #recycle(worker: WorkerHandle, memoryBytes: number): void {
    if (this.#recycling.has(worker)) return;
    this.#recycling.add(worker);
    const limit = this.pool.spec.maxMemoryBytes ?? 0;
    this.#options.event('memory', `worker ${worker.slot} uses ${megabytes(memoryBytes)}, the limit is ${megabytes(limit)}`, worker);
    this.runner.submit('recycle', false, () => new RecycleOperation(this.context, worker, 'memory'), {
      progress: () => {},
      // A worker that could not be replaced is tried again at the next sample.
      done: () => void this.#recycling.delete(worker),
    });
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1048576)} MB`;
}
