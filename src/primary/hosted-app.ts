import { LbError, messageOf } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { NO_FOOTPRINT } from '../lifecycle/replacement.ts';
import { orderTitle, type Answer, type AppReport, type Order, type Running } from '../protocol/attach.ts';
import type { ProgressRecord } from '../protocol/control.ts';
import { BadMessages } from '../protocol/bad-messages.ts';
import { makeEvent, type EmitEvent } from '../protocol/event.ts';
import type { WorkerSettings } from '../protocol/worker.ts';
import { now, wallNow } from '../system/clock.ts';
import { withDeadline } from '../system/deadline.ts';
import type { PortHolder } from '../system/port-holder.ts';
import type { WatchFiles } from '../system/watch-files.ts';
import type { OpenByItself } from '../system/unfed-sockets.ts';
import { AppRuntime } from './app-runtime.ts';
import { Ingress } from './ingress/ingress.ts';
import type { BindListener } from './ingress/listeners.ts';
import type { Duplicate } from './handles/duplicator.ts';
import type { HandleKeeper } from './handles/handle-keeper.ts';
import { LogFollower } from './logs/log-follower.ts';
import { StopOperation } from './operations/stop.ts';
import { carryOut } from './orders.ts';
import type { UsageSource } from './watch/sampler.ts';
import type { FindScript } from './workers/generations.ts';
import type { Startable } from './workers/startable.ts';
import type { StartWorker } from './workers/worker-process.ts';

/** Log files on a disk that does not answer keep no app from ending. */
const CLOSE_MS = 5_000;
/** In a burst, so many connections are soon there. */
const SHORT_QUEUE = 1_024;

/** What an app needs from the system. */
export interface AppPorts {
  readonly duplicate: Duplicate;
  /** The longest queue of a listening socket; null if it is not known. */
  readonly somaxconn: () => number | null;
  readonly bind: BindListener;
  readonly startWorker: StartWorker;
  readonly startable: Startable;
  readonly watchFiles: WatchFiles;
  readonly usage: UsageSource;
  readonly portHolder: PortHolder;
  readonly memoryLeftBytes: () => number | null;
  /** The sockets that a process tree has open and this primary does not. */
  readonly openByItself: (pid: number) => Promise<OpenByItself>;
  readonly findScript: FindScript;
}

/** Takes what an app reports to the daemon. */
export interface AppOutbox {
  /** So much is unsent that what can be left out should be. */
  readonly busy: boolean;
  send(report: AppReport): void;
}

interface HostedAppOptions {
  readonly name: string;
  readonly ports: AppPorts;
  readonly keeper: HandleKeeper;
  readonly outbox: AppOutbox;
  /** The folder of `lb`. */
  readonly home: string;
  /** Directory of profiles. */
  readonly profiles: string;
  /** Directory of the times of log lines. */
  readonly lineTimes: string;
  readonly workerSettings: (spec: AppSpec) => WorkerSettings;
  /** The app has ended, or was stopped before it started. */
  readonly finished: () => void;
}

/** An app in this primary. Carries out its orders. It exists before the app runs, to take over kept sockets. */
export class HostedApp {
  readonly name: string;
  readonly ingress: Ingress;
  readonly keeper: HandleKeeper;
  readonly #options: HostedAppOptions;
  readonly #follower: LogFollower;
  #runtime: AppRuntime | null = null;

  constructor(options: HostedAppOptions) {
    const { name, ports, keeper, outbox } = options;
    this.name = name;
    this.#options = options;
    this.keeper = keeper;
    this.ingress = new Ingress({ keeper, duplicate: ports.duplicate, bind: ports.bind, opened: () => this.#warnOfShortQueue() });
    this.#follower = new LogFollower(outbox);
  }

  /** The running app; null before its start order. */
  get running(): Running | null {
    return this.#runtime === null ? null : { spec: this.#runtime.parts.pool.spec, snapshot: this.#runtime.snapshot() };
  }

  /** @throws LbError if the order fails. */
  async carryOut(order: Order, progress: (record: ProgressRecord) => void): Promise<Answer> {
    if (order.kind === 'start') this.#runtime ??= this.#createRuntime(order);
    const runtime = this.#runtime;
    if (runtime === null) return this.#refuse(order);
    return carryOut(order, {
      runtime,
      follower: this.#follower,
      startable: this.#options.ports.startable,
      progress,
      healthPortFailed: (error) => this.event('health-port', error.message),
      // The answer is sent first, in this turn.
      giveUp: (error) => void setImmediate(() => void this.#ended('errored', error)),
    });
  }

  /** A daemon has accepted this primary. */
  daemonAttached(): void {
    this.keeper.attached(this.ingress.held, this.#runtime?.parts.logs.open ?? []);
  }

  /** The daemon that followed the log, and kept duplicates of the sockets, is gone. */
  daemonLost(): void {
    this.#follower.follow(false);
    this.keeper.detached();
  }

  async reopenLogs(): Promise<void> {
    await this.#runtime?.parts.logs.reopen();
  }

  /** Drains the app and ends it without an order. @param handsOver another primary serves it */
  leave(handsOver: boolean): void {
    const runtime = this.#runtime;
    if (runtime === null) return this.#discard(handsOver);
    // The other one is waiting for the port.
    if (handsOver) runtime.endpoint.close();
    const { runner, context } = runtime.parts;
    runner.submit('stop', false, () => new StopOperation(context, { now: false, handsOver }), { progress: () => {}, done: () => {} });
  }

  #warnOfShortQueue(): void {
    const most = this.#options.ports.somaxconn();
    if (most === null || most >= SHORT_QUEUE) return;
    const advice = `raise net.core.somaxconn (sysctl -w net.core.somaxconn=4096), then stop the app and start it again`;
    this.event('queue-short', `only ${most} connections can wait in the kernel; further clients wait a second or longer, until they try again: ${advice}`);
  }

  /** It never started. */
  #discard(handsOver: boolean): void {
    if (handsOver) void this.ingress.release(() => {});
    else this.ingress.closeAllBut(new Set());
    this.#options.finished();
  }

  #refuse(order: Order): never {
    // Clients may follow the log before the app starts.
    if (order.kind === 'follow-logs') this.#follower.follow(order.on);
    if (order.kind === 'stop') this.#discard(false);
    throw new LbError('LB_ERR_APP_STOPPED', { app: this.name, state: 'not started yet', operation: orderTitle(order) });
  }

  #createRuntime({ spec, generation, footprint = NO_FOOTPRINT }: Extract<Order, { kind: 'start' }>): AppRuntime {
    const { ports, outbox, home, profiles, lineTimes, workerSettings } = this.#options;
    const runtime: AppRuntime = new AppRuntime({
      ingress: this.ingress,
      spec,
      startWorker: ports.startWorker,
      startable: ports.startable,
      watchFiles: ports.watchFiles,
      usage: ports.usage,
      outputKeeper: this.keeper,
      portHolder: ports.portHolder,
      memoryLeftBytes: ports.memoryLeftBytes,
      openByItself: ports.openByItself,
      findScript: ports.findScript,
      footprint,
      home,
      profiles,
      lineTimes,
      workerSettings,
      socketsKept: () => this.keeper.complete,
      event: this.event,
      badMessages: this.badMessages,
      redefined: () => outbox.send({ type: 'redefined', spec: runtime.parts.pool.spec, snapshot: runtime.snapshot() }),
      stats: (stats) => {
        if (!outbox.busy) outbox.send({ type: 'stats', stats });
      },
      onEnded: (state, error) => void this.#ended(state, error),
    });
    runtime.parts.pool.generation = generation;
    this.#follower.attach(runtime.parts.logs);
    return runtime;
  }

  readonly event: EmitEvent = (kind, message, worker?, details?) => {
    this.#options.outbox.send({ type: 'event', event: makeEvent(this.name, wallNow(), kind, message, worker, details) });
  };

  /** Sent to this primary by its daemon or by the app's workers. */
  readonly badMessages = new BadMessages(this.event, now);

  async #ended(state: 'stopped' | 'errored', error: LbError | null): Promise<void> {
    const runtime = this.#runtime;
    if (runtime === null) return;
    await withDeadline(
      runtime.close().catch((problem: unknown) => this.event('bug', `while the app ended: ${messageOf(problem)}`)),
      CLOSE_MS,
    );
    // The answer to the operation that ended the app must be sent first, in this turn.
    await new Promise((resolve) => setImmediate(resolve));
    this.#follower.flush();
    const message = error === null ? null : error.message;
    this.#options.outbox.send({ type: 'ended', state, error: message, snapshot: { ...runtime.snapshot(), state, error: message } });
    this.#options.finished();
  }
}
