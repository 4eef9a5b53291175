import type { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { Footprint } from '../lifecycle/replacement.ts';
import type { BadMessages } from '../protocol/bad-messages.ts';
import type { EmitEvent } from '../protocol/event.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { AppStats } from '../protocol/stats.ts';
import type { WorkerSettings } from '../protocol/worker.ts';
import type { PortHolder } from '../system/port-holder.ts';
import type { OpenByItself } from '../system/unfed-sockets.ts';
import { Announcer } from './announcer.ts';
import { ListenerContract } from './ingress/listener-contract.ts';
import { ListenerSweep } from './ingress/listener-sweep.ts';
import type { Ingress } from './ingress/ingress.ts';
import { Router } from './ingress/router.ts';
import type { OutputKeeper } from './handles/output-keeper.ts';
import { LogSink } from './logs/log-sink.ts';
import { OperationRunner } from './operations/operation-runner.ts';
import type { OperationContext } from './operations/operation.ts';
import { Recycler } from './operations/recycler.ts';
import { Profiler } from './profiles/profiler.ts';
import { Autoscaler } from './scaling/autoscaler.ts';
import { Rebalancer } from './scaling/rebalancer.ts';
import { AppMetrics } from './stats/app-metrics.ts';
import { takeSnapshot, takeStats, type SnapshotParts } from './stats/snapshot.ts';
import { StatsFeed } from './stats/stats-feed.ts';
import { Relay } from './relay.ts';
import { Supervisor } from './supervisor.ts';
import { HealthEndpoint, type ReadyFacts } from './watch/health-endpoint.ts';
import { Limits } from './watch/limits.ts';
import { Sampler, type UsageSource } from './watch/sampler.ts';
import { Watch } from './watch/watch.ts';
import { notifier } from './workers/app-observer.ts';
import { Generations, type FindScript } from './workers/generations.ts';
import { Pool } from './workers/pool.ts';
import { ReplacementWatch } from './workers/replacement-watch.ts';
import type { WorkerObserver } from './workers/worker-handle.ts';
import type { StartWorker } from './workers/worker-process.ts';

export interface RuntimeOptions {
  readonly ingress: Ingress;
  readonly spec: AppSpec;
  readonly startWorker: StartWorker;
  readonly usage: UsageSource;
  readonly portHolder: PortHolder;
  readonly outputKeeper: OutputKeeper;
  readonly memoryLeftBytes: () => number | null;
  readonly openByItself: (pid: number) => Promise<OpenByItself>;
  readonly findScript: FindScript;
  /** Of its earlier lives. */
  readonly footprint: Footprint;
  /** Where profiles are written. */
  readonly profiles: string;
  /** Directory of the times of log lines. */
  readonly lineTimes: string;
  readonly workerSettings: (spec: AppSpec) => WorkerSettings;
  /** The daemon holds duplicates of the listening sockets. */
  readonly socketsKept: () => boolean;
  readonly event: EmitEvent;
  readonly badMessages: BadMessages;
  /** Autoscaling changed the number of workers in the definition. */
  readonly redefined: () => void;
  /** Sends the app's stats to the daemon. */
  readonly stats: (stats: AppStats) => void;
  readonly onEnded: (state: 'stopped' | 'errored', error: LbError | null) => void;
}

/** Creates and connects the parts that supervise one app. They observe the app and its workers, in a fixed order. */
export class AppRuntime {
  readonly pool: Pool;
  readonly runner: OperationRunner;
  readonly supervisor: Supervisor;
  readonly logs: LogSink;
  readonly sampler: Sampler;
  readonly endpoint: HealthEndpoint;
  readonly autoscaler: Autoscaler;
  readonly context: OperationContext;
  readonly profiler: Profiler;
  readonly appMetrics: AppMetrics;
  readonly generations: Generations;
  readonly #watch: Watch;
  readonly #rebalancer: Rebalancer;
  readonly #router: Router;
  readonly #ingress: Ingress;
  readonly #contract: ListenerContract;
  readonly #parts: SnapshotParts;

  constructor(options: RuntimeOptions) {
    const { spec, ingress, event } = options;
    const app = spec.name;
    const observers: WorkerObserver[] = [];
    const notify = notifier(observers);
    const pool = new Pool({ spec, startWorker: options.startWorker, workerSettings: options.workerSettings, notify });
    const runner = new OperationRunner({
      app,
      onBegun: (kind) => supervisor.operationBegan(kind),
      onFinished: (kind, outcome) => {
        if (outcome.ok && (kind === 'reload' || kind === 'restart')) replacement.replaced();
        supervisor.operationFinished(kind, outcome);
      },
      wake: () => supervisor.wake(),
    });
    const contract: ListenerContract = new ListenerContract({ pool, ingress, listened: () => replacement.footprint.listened });
    const replacement: ReplacementWatch = new ReplacementWatch({
      pool,
      footprint: options.footprint,
      openByItself: options.openByItself,
      changed: () => {
        supervisor.wake();
        feed.changed();
      },
    });
    const supervisor: Supervisor = new Supervisor({
      app,
      pool,
      runner,
      event,
      contract,
      sweep: new ListenerSweep(pool, ingress),
      stopFirst: () => replacement.stopFirst,
      passedCheck: (worker) => watch.passedCheck(worker),
      onEnded: options.onEnded,
    });
    const generations = new Generations(pool, options.findScript);
    const relay = new Relay({ pool, event });
    const announcer = new Announcer({ app, runner, event });
    const router = new Router({
      ingress,
      pool,
      wasOnline: () => supervisor.wasOnline,
      joined: () => rebalancer.joined(),
      portHolder: options.portHolder,
      addressInUse: (worker, holder) => announcer.addressInUse(worker, holder),
    });
    const rebalancer: Rebalancer = new Rebalancer({ pool, router, runner, event });
    const context = operationContext({
      pool,
      runner,
      supervisor,
      ingress,
      contract,
      router,
      event,
      replacement,
      generations,
      memoryLeftBytes: options.memoryLeftBytes,
    });
    const recycler = new Recycler({ context, runner, event });
    const abandon: Supervisor['abandon'] = (worker, stopReason, reason) => supervisor.abandon(worker, stopReason, reason);
    const limits = new Limits({ pool, recycler, abandon, event });
    const watch: Watch = new Watch({ pool, ingress, router, supervisor, limits, recycler, event, silent: () => feed.changed() });
    const sampler = new Sampler({ usage: options.usage, pool, limits });
    const autoscaler = new Autoscaler({ context, runner, ingress, router, rebalancer, event, redefined: options.redefined });
    const logs = new LogSink({ app, keeper: options.outputKeeper, lineTimes: options.lineTimes, onProblem: (problem) => event('log', problem) });
    const appMetrics = new AppMetrics(() => pool.workers);
    const feed: StatsFeed = new StatsFeed({
      stats: () => takeStats(this.#parts),
      idle: () => pool.workers.every((worker) => worker.idle),
      send: options.stats,
    });
    this.pool = pool;
    this.runner = runner;
    this.supervisor = supervisor;
    this.logs = logs;
    this.sampler = sampler;
    this.autoscaler = autoscaler;
    this.context = context;
    this.appMetrics = appMetrics;
    this.generations = generations;
    this.endpoint = new HealthEndpoint(() => this.#readyFacts(), options.portHolder);
    this.profiler = new Profiler({ app, pool, router, directory: options.profiles, event });
    this.#watch = watch;
    this.#rebalancer = rebalancer;
    this.#router = router;
    this.#ingress = ingress;
    this.#contract = contract;
    this.#parts = {
      pool,
      runner,
      supervisor,
      watch,
      limits,
      autoscaler,
      ingress,
      router,
      contract,
      replacement,
      generations,
      socketsKept: options.socketsKept,
    };
    // Routing and logs come before the supervisor, which acts on an event. Stats come last, so they include every change.
    const parts: readonly WorkerObserver[] = [
      router,
      contract,
      watch,
      sampler,
      appMetrics,
      logs,
      pool,
      generations,
      relay,
      announcer,
      replacement,
      supervisor,
      autoscaler,
      feed,
    ];
    observers.push(...parts, {
      // After a failed operation this moves the endpoint back.
      onSpecChanged: ({ healthPort }) => void this.endpoint.keepTrying(healthPort, (error) => event('health-port', error.message)),
      onBadMessage: (worker, from, problem) => options.badMessages.report(from, problem, worker),
    });
    watch.start();
    // The start order opens the health port itself, because a port that is taken fails it.
    for (const part of parts) part.onSpecChanged?.(spec);
  }

  snapshot(): AppSnapshot {
    return takeSnapshot(this.#parts);
  }

  /** Call this after the last worker has exited. Flushes the logs and closes all sockets. */
  async close(): Promise<void> {
    this.sampler.stop();
    this.#router.stop();
    this.#watch.stop();
    this.autoscaler.stop();
    this.#rebalancer.stop();
    this.endpoint.close();
    this.#ingress.closeAllBut(new Set());
    await this.logs.close();
  }

  #readyFacts(): ReadyFacts {
    const { name, readyMin } = this.pool.spec;
    const stopping = this.runner.current?.kind === 'stop' || this.supervisor.ended;
    // The next answer knows what is found now.
    this.generations.lookSoon();
    return {
      app: name,
      unserved: this.#contract.unserved,
      ready: this.#watch.healthySlots(),
      instances: this.pool.wanted,
      readyMin,
      stopping,
      generations: this.generations.facts,
    };
  }
}

interface ContextParts extends Pick<SnapshotParts, 'pool' | 'runner' | 'supervisor' | 'ingress' | 'contract' | 'router' | 'replacement' | 'generations'> {
  readonly event: EmitEvent;
  readonly memoryLeftBytes: () => number | null;
}

function operationContext({
  pool,
  runner,
  supervisor,
  ingress,
  contract,
  router,
  event,
  replacement,
  generations,
  memoryLeftBytes,
}: ContextParts): OperationContext {
  return {
    pool,
    replacement: {
      get current() {
        return replacement.current;
      },
      get ownSockets() {
        return replacement.footprint.ownSockets;
      },
      look: async () => {
        await Promise.all([replacement.look(), generations.look()]);
        supervisor.wake();
      },
    },
    generations,
    memoryLeftBytes,
    wakeIn: (ms) => supervisor.wakeIn(ms),
    progress: (step, message, worker) => {
      if (step === 'rollback') event('rollback', message);
      runner.progress(step, message, worker);
    },
    isAccepting: () => router.accepting,
    listeners: () => ingress.labels,
    closeListeners: () => ingress.closeAllBut(new Set()),
    shutListeners: () => ingress.shut(() => router.changed()),
    releaseListeners: () => ingress.release(() => router.changed()),
    dropListeners: (names) => contract.drop(names),
  };
}
