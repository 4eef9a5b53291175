import type { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { Footprint } from '../lifecycle/replacement.ts';
import type { EmitEvent } from '../protocol/event.ts';
import type { AppStats } from '../protocol/stats.ts';
import type { WorkerSettings } from '../protocol/worker.ts';
import type { PortHolder } from '../system/port-holder.ts';
import type { WatchFiles } from '../system/watch-files.ts';
import type { OpenByItself } from '../system/unfed-sockets.ts';
import { Announcer } from './announcer.ts';
import { AcceptWatch } from './ingress/accept-watch.ts';
import { ListenerContract } from './ingress/listener-contract.ts';
import { HandedDown } from './ingress/handed-down.ts';
import { ListenerSweep } from './ingress/listener-sweep.ts';
import type { Ingress } from './ingress/ingress.ts';
import { Router } from './ingress/router.ts';
import type { OutputKeeper } from './handles/output-keeper.ts';
import { LogSink } from './logs/log-sink.ts';
import { OperationRunner } from './operations/operation-runner.ts';
import { operationContext } from './operation-context.ts';
import { Recycler } from './operations/recycler.ts';
import { Profiler } from './profiles/profiler.ts';
import { Autoscaler } from './scaling/autoscaler.ts';
import { Rebalancer } from './scaling/rebalancer.ts';
import { AppMetrics } from './stats/app-metrics.ts';
import { takeStats } from './stats/snapshot.ts';
import { StatsFeed } from './stats/stats-feed.ts';
import { isRevived } from '../lifecycle/trigger.ts';
import { Relay } from './relay.ts';
import { Supervisor } from './supervisor.ts';
import { CronClock } from './triggers/cron-clock.ts';
import { FileWatch } from './triggers/file-watch.ts';
import { Revival } from './triggers/revival.ts';
import { Limits } from './watch/limits.ts';
import { Sampler, type UsageSource } from './watch/sampler.ts';
import { Watch } from './watch/watch.ts';
import type { Notify } from './workers/app-observer.ts';
import { Generations, type FindScript } from './workers/generations.ts';
import { PidFiles } from './workers/pid-files.ts';
import { Pool } from './workers/pool.ts';
import { ReplacementWatch } from './workers/replacement-watch.ts';
import type { Startable } from './workers/startable.ts';
import type { WorkerHandle } from './workers/worker-handle.ts';
import type { StartWorker } from './workers/worker-process.ts';

export interface AppPartsOptions {
  readonly ingress: Ingress;
  readonly spec: AppSpec;
  readonly startWorker: StartWorker;
  readonly startable: Startable;
  readonly watchFiles: WatchFiles;
  readonly usage: UsageSource;
  readonly portHolder: PortHolder;
  readonly outputKeeper: OutputKeeper;
  readonly memoryLeftBytes: () => number | null;
  readonly openByItself: (pid: number) => Promise<OpenByItself>;
  readonly findScript: FindScript;
  /** Of its earlier lives. */
  readonly footprint: Footprint;
  /** The folder of `lb`. */
  readonly home: string;
  /** Where profiles are written. */
  readonly profiles: string;
  /** Directory of the times of log lines. */
  readonly lineTimes: string;
  readonly workerSettings: (spec: AppSpec) => WorkerSettings;
  /** The daemon holds duplicates of the listening sockets. */
  readonly socketsKept: () => boolean;
  readonly event: EmitEvent;
  /** Autoscaling changed the number of workers in the definition. */
  readonly redefined: () => void;
  /** Sends the app's stats to the daemon. */
  readonly stats: (stats: AppStats) => void;
  readonly onEnded: (state: 'stopped' | 'errored', error: LbError | null) => void;
}

/** What supervises one app. */
export type AppParts = ReturnType<typeof createParts>;

/** Creates the parts and connects them where one acts on another. What they observe, they are told by `notify`. */
export function createParts(options: AppPartsOptions, notify: Notify<WorkerHandle>) {
  const { spec, ingress, event } = options;
  const app = spec.name;
  const { startWorker, workerSettings } = options;
  const sockets = new HandedDown(app, ingress.listeners);
  const pool = new Pool({ spec, startWorker, workerSettings, socketOf: (of) => sockets.of(of), notify });
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
    isRevived: () => isRevived(pool.spec),
    onResting: () => {
      ingress.closeAllBut(new Set());
      contract.renew(true);
    },
    passedCheck: (worker) => watch.passedCheck(worker),
    onEnded: options.onEnded,
  });
  const generations = new Generations(pool, options.findScript);
  const announcer = new Announcer({ app, runner, event });
  const router = new Router({
    ingress,
    pool,
    wasOnline: () => supervisor.wasOnline,
    joined: () => rebalancer.joined(),
    portHolder: options.portHolder,
    addressInUse: (worker, holder) => announcer.addressInUse(worker, holder),
  });
  const acceptance = new AcceptWatch({ ingress, pool, router });
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
  const revival = new Revival({
    context,
    runner,
    startable: options.startable,
    listened: () => replacement.footprint.listened,
    startAgain: () => supervisor.startAgain(),
    event,
  });
  const recycler = new Recycler({ context, runner, event });
  const abandon: Supervisor['abandon'] = (worker, stopReason, reason) => supervisor.abandon(worker, stopReason, reason);
  const limits = new Limits({ pool, recycler, abandon, event });
  const watch: Watch = new Watch({ pool, ingress, router, supervisor, limits, recycler, event, silent: () => feed.changed() });
  const feed: StatsFeed = new StatsFeed({
    stats: () => takeStats(parts),
    idle: () => pool.workers.every((worker) => worker.idle),
    send: options.stats,
  });
  const parts = {
    pool,
    sockets,
    runner,
    supervisor,
    generations,
    relay: new Relay({ pool, event }),
    announcer,
    router,
    acceptance,
    rebalancer,
    ingress,
    contract,
    replacement,
    context,
    cron: new CronClock(revival, event),
    fileWatch: new FileWatch({ revival, home: options.home, watchFiles: options.watchFiles, event }),
    limits,
    watch,
    sampler: new Sampler({ usage: options.usage, pool, limits }),
    autoscaler: new Autoscaler({ context, runner, ingress, router, rebalancer, event, redefined: options.redefined }),
    logs: new LogSink({ app, keeper: options.outputKeeper, lineTimes: options.lineTimes, onProblem: (problem) => event('log', problem) }),
    pidFiles: new PidFiles(pool, event),
    appMetrics: new AppMetrics(() => pool.workers),
    profiler: new Profiler({ app, pool, router, directory: options.profiles, event }),
    feed,
    socketsKept: options.socketsKept,
  };
  return parts;
}
