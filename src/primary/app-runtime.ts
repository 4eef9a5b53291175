import type { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { AskedBy } from '../lifecycle/exit-report.ts';
import type { EmitEvent } from '../protocol/event.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { AppStats } from '../protocol/stats.ts';
import type { ListenQuery, WorkerSettings } from '../protocol/worker.ts';
import { now } from '../system/clock.ts';
import { UsageSampler } from '../system/usage.ts';
import type { FrontDoor } from './door/front-door.ts';
import { Router } from './door/router.ts';
import type { SpawnChannel } from './door/spawn-channel.ts';
import { LogSink } from './logs/log-sink.ts';
import { OperationRunner } from './operations/operation-runner.ts';
import type { OperationContext } from './operations/operation.ts';
import { RecycleOperation } from './operations/recycle.ts';
import { Profiler } from './profiles/profiler.ts';
import { Autoscaler } from './scaling/autoscaler.ts';
import { Rebalancer } from './scaling/rebalancer.ts';
import { AppMetrics } from './stats/app-metrics.ts';
import { takeSnapshot, takeStats } from './stats/snapshot.ts';
import { StatsFeed } from './stats/stats-feed.ts';
import { Supervisor } from './supervisor.ts';
import { HealthEndpoint, type ReadyFacts } from './watch/health-endpoint.ts';
import { Sampler } from './watch/sampler.ts';
import { Watch } from './watch/watch.ts';
import { Pool } from './workers/pool.ts';
import type { WorkerEvents } from './workers/worker-events.ts';
import type { WorkerHandle } from './workers/worker-handle.ts';

/** A worker that could not be replaced is tried again after this long. */
const RECYCLE_AGAIN_MS = 30_000;

interface RuntimeOptions {
  readonly door: FrontDoor;
  readonly spec: AppSpec;
  readonly preload: string;
  /** Where profiles are written. */
  readonly profiles: string;
  readonly workerSettings: (spec: AppSpec) => WorkerSettings;
  readonly channel: SpawnChannel;
  /** When the app was started, monotonic and for people. */
  readonly startedAt: number;
  readonly startedWall: number;
  readonly event: EmitEvent;
  /** The load decided on another number of workers. */
  readonly redefined: () => void;
  /** How the app is now, for its daemon. */
  readonly stats: (stats: AppStats) => void;
  readonly onEnded: (state: 'stopped' | 'errored', error: LbError | null) => void;
}

/** The parts of a primary, put together for one app. */
export class AppRuntime {
  readonly pool: Pool;
  readonly runner: OperationRunner;
  readonly supervisor: Supervisor;
  readonly logs: LogSink;
  readonly sampler: Sampler;
  readonly watch: Watch;
  readonly endpoint: HealthEndpoint;
  readonly autoscaler: Autoscaler;
  readonly rebalancer: Rebalancer;
  readonly context: OperationContext;
  readonly profiler: Profiler;
  readonly appMetrics = new AppMetrics(() => this.pool.workers);
  readonly #options: RuntimeOptions;
  readonly #feed: StatsFeed;
  readonly #usage = new UsageSampler();
  readonly #router: Router;
  readonly #recycling = new WeakSet<WorkerHandle>();

  constructor(options: RuntimeOptions) {
    const { spec, door, preload, workerSettings, event, onEnded } = options;
    const app = spec.name;
    this.#options = options;
    this.#feed = new StatsFeed({
      stats: () => this.#stats(),
      idle: () => this.pool.workers.every((worker) => worker.idle),
      send: options.stats,
    });
    this.logs = new LogSink(app, (problem) => event('log', problem));
    this.#router = new Router({ door, workers: () => this.pool.workers, spec: () => this.pool.spec, joined: () => this.rebalancer.joined() });
    this.pool = new Pool({
      spec,
      preload,
      workerSettings,
      events: this.#workerEvents(),
      onForked: (worker) => this.#forked(worker),
      onSpecChanged: (changed) => {
        this.#configure(changed);
        // Back to where it was, when an operation that moved it has failed.
        void this.endpoint.keepTrying(changed.healthPort, (error) => event('health-port', error.message));
      },
    });
    this.runner = new OperationRunner({
      app,
      onBegun: (kind) => this.supervisor.operationBegan(kind),
      onFinished: (kind, outcome) => this.supervisor.operationFinished(kind, outcome),
      wake: () => this.supervisor.wake(),
    });
    this.supervisor = new Supervisor({
      app,
      pool: this.pool,
      runner: this.runner,
      event,
      appListens: () => door.expected,
      passedCheck: (worker) => this.watch.passedCheck(worker),
      onEnded,
    });
    this.watch = new Watch({
      pool: this.pool,
      door,
      router: this.#router,
      supervisor: this.supervisor,
      event,
      recycle: (worker, askedBy, reason) => this.#recycle(worker, askedBy, reason),
      silent: () => this.#feed.changed(),
    });
    this.endpoint = new HealthEndpoint(() => this.#readyFacts());
    this.profiler = new Profiler({
      app,
      pool: this.pool,
      directory: options.profiles,
      rotationChanged: () => this.#router.changed(),
      nobodyServes: () => this.#router.members.length === 0,
      event,
    });
    this.context = {
      pool: this.pool,
      wakeIn: (ms) => this.supervisor.wakeIn(ms),
      progress: (step, message, worker) => {
        if (step === 'rollback') event('rollback', message);
        this.runner.progress(step, message, worker);
      },
      closeListeners: () => door.closeAllBut(new Set()),
      shutListeners: () => door.shut(() => this.#router.changed()),
      closeUnusedListeners: () => door.closeAllBut(new Set(this.pool.workers.flatMap((worker) => [...worker.keys]))),
    };
    this.rebalancer = new Rebalancer({ pool: this.pool, router: this.#router, runner: this.runner, event });
    const { context, runner, rebalancer } = this;
    this.autoscaler = new Autoscaler({ context, runner, door, router: this.#router, rebalancer, event, redefined: options.redefined });
    this.sampler = new Sampler({
      usage: this.#usage,
      workers: () => this.pool.workers.filter((worker) => worker.state !== 'exited'),
      sampled: (worker, memoryBytes) => this.watch.limits.sampled(worker, memoryBytes),
    });
    this.watch.start();
    this.#configure(spec);
  }

  snapshot(): AppSnapshot {
    const { door, startedAt, startedWall, channel } = this.#options;
    const { pool, runner, supervisor, watch, autoscaler } = this;
    return takeSnapshot({ pool, runner, supervisor, watch, autoscaler, door, router: this.#router, startedAt, startedWall, socketsKept: channel.open });
  }

  #stats(): AppStats {
    const { door, startedWall } = this.#options;
    const { pool, runner, supervisor } = this;
    return takeStats({ pool, runner, supervisor, door, router: this.#router, startedWall });
  }

  /** After the last worker: everything written, nothing listening. */
  async close(): Promise<void> {
    this.sampler.stop();
    this.#router.close();
    this.watch.stop();
    this.autoscaler.stop();
    this.rebalancer.stop();
    this.endpoint.close();
    this.#options.door.closeAllBut(new Set());
    await this.logs.close();
  }

  /** Everything that follows the definition without a restart. */
  #configure(spec: AppSpec): void {
    this.#options.door.configure(spec);
    this.watch.configure();
    this.sampler.configure(this.watch.limits.onMemory);
    this.autoscaler.configure();
    this.#router.changed();
  }

  #listen(worker: WorkerHandle, seq: number, query: ListenQuery): void {
    const slots = Math.max(this.pool.wanted, worker.slot + 1);
    void this.#options.door.listen(query, slots).then(({ errno, name }) => {
      worker.answerListen(seq, query.key, errno, name);
      this.supervisor.wake();
    });
  }

  #forked(worker: WorkerHandle): void {
    this.logs.attach(worker, this.pool.spec);
    this.supervisor.forked(worker);
  }

  #workerEvents(): WorkerEvents {
    const { door } = this.#options;
    return {
      stateChanged: (worker, from) => {
        // The first workers of an app share its load at once; later ones grow into theirs.
        if (worker.state === 'ready' && (from === 'ejected' || this.supervisor.wasOnline)) worker.rampsSince = now();
        this.#router.changed();
        this.watch.changed();
        this.supervisor.stateChanged(worker, from);
        this.#feed.changed();
      },
      released: (worker, key, index) => door.sockets.released(worker, key, index),
      listen: (worker, seq, query) => this.#listen(worker, seq, query),
      routesChanged: () => {
        this.#router.changed();
        this.watch.changed();
      },
      free: (worker) => door.dispatcher.pumpFor(worker),
      notTaken: (worker, untaken) => this.#router.notTaken(worker, untaken),
      said: (worker, message) => {
        if (message === 'ready') this.supervisor.saidReady(worker);
        else this.watch.said(worker, message);
      },
      beat: (worker) => {
        this.watch.beat(worker);
        this.#feed.beat();
      },
      metrics: (worker, id, text) => this.appMetrics.answered(worker, id, text),
      exited: (worker, code, signal) => {
        if (signal === 'SIGKILL' && worker.askedBy === null && this.watch.kernelKills.justNow()) worker.cause = 'killed by the kernel for want of memory';
        this.#usage.forget(worker.pid);
        this.appMetrics.workerEnded(worker);
        door.sockets.forget(worker);
        this.supervisor.exited(worker, code);
      },
      gone: (worker, report) => this.supervisor.gone(worker, report),
      drainChanged: (worker) => this.supervisor.drainChanged(worker),
    };
  }

  #readyFacts(): ReadyFacts {
    const { name, readyMin } = this.pool.spec;
    const stopping = this.runner.current?.kind === 'stop' || this.supervisor.ended;
    return { app: name, ready: this.watch.healthySlots(), instances: this.pool.wanted, readyMin, stopping };
  }

  /** A worker that reached a limit: one after the other, through the queue of operations. */
  #recycle(worker: WorkerHandle, askedBy: AskedBy, reason: string): void {
    if (this.#recycling.has(worker)) return;
    this.#recycling.add(worker);
    this.#options.event('recycle', `worker ${worker.slot} is replaced: ${reason}`, worker, { askedBy, reason });
    this.runner.submit('recycle', false, () => new RecycleOperation(this.context, worker, askedBy), {
      progress: () => {},
      // Without the pause a new version that fails would be started again each second.
      done: ({ ok }) => void setTimeout(() => this.#recycling.delete(worker), ok ? 0 : RECYCLE_AGAIN_MS).unref(),
    });
  }
}
