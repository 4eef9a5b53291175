import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { orderTitle, type Answer, type FromPrimary, type Order, type PrimarySettings, type ToPrimary } from '../protocol/attach.ts';
import { makeEvent, type EmitEvent } from '../protocol/event.ts';
import { listedApp } from '../protocol/listed-app.ts';
import { PROTOCOL } from '../protocol/version.ts';
import type { WorkerSettings } from '../protocol/worker.ts';
import { now, wallNow } from '../system/clock.ts';
import { homePaths } from '../system/paths.ts';
import { startTimeOf } from '../system/processes.ts';
import { parseSignal } from '../system/signals.ts';
import { AppRuntime } from './app-runtime.ts';
import { DaemonLink } from './daemon-link.ts';
import { FrontDoor } from './door/front-door.ts';
import { SpawnChannel } from './door/spawn-channel.ts';
import { LogFollower } from './logs/log-follower.ts';
import { changeBalance, changeWeights } from './operations/balance-orders.ts';
import type { Operation, Outcome } from './operations/operation.ts';
import { DEFAULT_MONITOR_MS, ReloadOperation } from './operations/reload.ts';
import { RestartOperation } from './operations/restart.ts';
import { ScaleOperation } from './operations/scale.ts';
import { StartOperation } from './operations/start.ts';
import { StopOperation } from './operations/stop.ts';

/** One app's primary as its daemon talks to it: takes orders, carries them out with the app's runtime, answers each once. */
export class Primary {
  readonly #settings: PrimarySettings;
  readonly #link: DaemonLink;
  readonly #channel = new SpawnChannel();
  readonly #door = new FrontDoor(this.#channel);
  readonly #follower: LogFollower;
  readonly #finish: () => void;
  #runtime: AppRuntime | null = null;

  /** @param finish called when the app has ended and everything is written. */
  constructor(settings: PrimarySettings, finish: () => void) {
    this.#settings = settings;
    this.#finish = finish;
    this.#link = new DaemonLink(settings, {
      hello: () => this.#hello(),
      received: (message) => this.#received(message),
      lost: () => this.#daemonLost(),
    });
    this.#follower = new LogFollower(this.#link);
  }

  async start(): Promise<void> {
    await this.#channel.receive(this.#settings.sockets, (key, handle, name) => this.#door.received(key, handle, name));
    this.#link.dial();
  }

  #hello(): FromPrimary {
    return {
      type: 'hello',
      app: this.#settings.app,
      pid: process.pid,
      startTime: startTimeOf(process.pid),
      version: this.#settings.version,
      protocol: PROTOCOL,
      running: this.#runtime === null ? null : { spec: this.#runtime.pool.spec, snapshot: this.#runtime.snapshot() },
    };
  }

  #received(message: ToPrimary): void {
    if (message.type === 'ping') return this.#link.send({ type: 'pong', seq: message.seq });
    const { id, order } = message;
    this.#carryOut(id, order).then(
      (answer) => {
        if (answer !== null) this.#link.send({ type: 'answer', id, answer });
      },
      (error: unknown) => this.#link.send({ type: 'failed', id, error: LbError.from(error).toRecord() }),
    );
  }

  /** Answers the order; null when an operation will. */
  async #carryOut(id: number, order: Order): Promise<Answer | null> {
    if (order.kind === 'follow-logs') this.#follower.follow(order.on);
    if (order.kind === 'start') this.#runtime ??= this.#createRuntime(order);
    const runtime = this.#runtime;
    // One primary too many: nothing runs in it yet.
    if (runtime === null && order.kind === 'stop') this.#leave();
    if (runtime === null) throw new LbError('LB_ERR_APP_STOPPED', { app: this.#settings.app, state: 'not started yet', operation: orderTitle(order) });
    const { pool, runner, context } = runtime;
    switch (order.kind) {
      case 'start':
        await this.#openEndpoint(runtime, order);
        if (order.strict) return this.#submit(id, 'start', false, () => new StartOperation(context));
        pool.wanted = pool.spec.instances;
        runtime.supervisor.wake();
        return done(runtime, `${order.spec.name} is being brought back`);
      case 'reload': {
        if (order.spec !== undefined) await runtime.endpoint.move(order.spec.healthPort);
        const { spec, parallel = 1, monitorMs = DEFAULT_MONITOR_MS, onFailure = 'rollback', allAtOnce = false } = order;
        return this.#submit(id, 'reload', spec === undefined, () => new ReloadOperation(context, { spec, parallel, monitorMs, onFailure, allAtOnce }));
      }
      case 'restart':
        if (order.spec !== undefined) await runtime.endpoint.move(order.spec.healthPort);
        return this.#submit(id, 'restart', order.spec === undefined, () => new RestartOperation(context, { spec: order.spec, now: order.now ?? false }));
      case 'scale':
        if (order.auto === true) return done(runtime, runtime.autoscaler.turnOn());
        return this.#submit(id, 'scale', false, () => new ScaleOperation(context, order));
      case 'stop':
        if (runner.current?.kind === 'stop') runner.skipAhead(order.now ?? false);
        return this.#submit(id, 'stop', false, () => new StopOperation(context, { now: order.now ?? false }));
      case 'balance':
        this.#needsNoReload(runtime, 'balance');
        return done(runtime, changeBalance(pool, order.strategy));
      case 'weight':
        this.#needsNoReload(runtime, 'weight');
        return done(runtime, changeWeights(pool, order.weights));
      case 'signal':
        return this.#signal(runtime, parseSignal(order.signal), order.pid);
      case 'abort':
        return done(runtime, runner.abort('aborted by the operator') ? 'aborting' : 'nothing runs');
      case 'snapshot':
        await runtime.sampler.refresh();
        return { kind: 'snapshot', snapshot: runtime.snapshot() };
      case 'list':
        await runtime.sampler.refresh();
        return { kind: 'list', app: listedApp(runtime.snapshot()) };
      case 'tail':
        // What is in the tail shall not come after it once more.
        this.#follower.flush();
        return { kind: 'tail', lines: runtime.logs.tail(order.lines) };
      case 'profile':
        return { kind: 'profile', file: await runtime.profiler.take(order, (record) => this.#link.send({ type: 'progress', id, record })) };
      case 'app-metrics':
        return { kind: 'app-metrics', metrics: await runtime.appMetrics.collect() };
      case 'follow-logs':
        return done(runtime, 'ok');
    }
  }

  /** A port that is taken fails a start that somebody waits for; else the app runs without it until it is free. */
  async #openEndpoint(runtime: AppRuntime, { spec, strict }: Extract<Order, { kind: 'start' }>): Promise<void> {
    if (!strict) return runtime.endpoint.keepTrying(spec.healthPort, (error) => this.#event('health-port', error.message));
    try {
      await runtime.endpoint.move(spec.healthPort);
    } catch (thrown) {
      const error = LbError.from(thrown);
      // After the answer, which is sent in this turn.
      setImmediate(() => void this.#ended('errored', error));
      throw error;
    }
  }

  /** A rollback would take the change back. */
  #needsNoReload({ runner }: AppRuntime, operation: string): void {
    if (runner.current?.kind !== 'reload') return;
    throw new LbError('LB_ERR_OPERATION_FAILED', { operation, app: this.#settings.app, reason: 'a reload is under way; repeat it when that has ended' });
  }

  #submit(id: number, kind: Operation['kind'], joinable: boolean, create: () => Operation): null {
    this.#runtime?.runner.submit(kind, joinable, create, {
      progress: (record) => this.#link.send({ type: 'progress', id, record }),
      done: (outcome) => this.#answer(id, outcome),
    });
    return null;
  }

  #answer(id: number, outcome: Outcome): void {
    if (!outcome.ok) this.#link.send({ type: 'failed', id, error: outcome.error.toRecord() });
    else if (this.#runtime !== null) this.#link.send({ type: 'answer', id, answer: done(this.#runtime, outcome.message) });
  }

  #signal(runtime: AppRuntime, signal: NodeJS.Signals, pid?: number): Answer {
    const workers = runtime.pool.workers.filter((worker) => worker.state !== 'exited' && (pid === undefined || worker.pid === pid));
    if (pid !== undefined && workers.length === 0) throw new LbError('LB_ERR_WORKER_NOT_FOUND', { app: this.#settings.app, pid });
    for (const worker of workers) worker.signal(signal);
    return done(runtime, `${signal} sent to ${workers.length} ${workers.length === 1 ? 'worker' : 'workers'} of ${this.#settings.app}`);
  }

  #createRuntime(order: Extract<Order, { kind: 'start' }>): AppRuntime {
    const runtime = new AppRuntime({
      door: this.#door,
      spec: order.spec,
      preload: this.#settings.preload,
      profiles: homePaths(this.#settings.home).profiles,
      workerSettings: (spec) => this.#workerSettings(spec),
      channel: this.#channel,
      startedAt: now(),
      startedWall: wallNow(),
      event: this.#event,
      redefined: () => this.#link.send({ type: 'redefined', spec: runtime.pool.spec, snapshot: runtime.snapshot() }),
      stats: (stats) => {
        if (!this.#link.busy) this.#link.send({ type: 'stats', stats });
      },
      onEnded: (state, error) => void this.#ended(state, error),
    });
    runtime.pool.generation = order.generation;
    this.#follower.attach(runtime.logs);
    return runtime;
  }

  readonly #event: EmitEvent = (kind, message, worker?, details?) => {
    this.#link.send({ type: 'event', event: makeEvent(this.#settings.app, wallNow(), kind, message, worker, details) });
  };

  #workerSettings(spec: AppSpec): WorkerSettings {
    const { socket, home, daemonLog, daemonProgram, daemonNode, foreground } = this.#settings;
    const revive = foreground ? null : { socket, program: daemonProgram, home, log: daemonLog, node: daemonNode };
    return { killTimeoutMs: spec.killTimeoutMs, revive };
  }

  #daemonLost(): void {
    this.#follower.follow(false);
    if (!this.#settings.foreground) return;
    const runtime = this.#runtime;
    if (runtime === null) return this.#finish();
    runtime.runner.submit('stop', false, () => new StopOperation(runtime.context, { now: false }), { progress: () => {}, done: () => {} });
  }

  #leave(): void {
    this.#door.closeAllBut(new Set());
    void this.#link.close().then(this.#finish);
  }

  async #ended(state: 'stopped' | 'errored', error: LbError | null): Promise<void> {
    const runtime = this.#runtime;
    if (runtime === null) return;
    await runtime.close();
    // The answer to the operation that ended it is sent in the same turn, before this.
    await new Promise((resolve) => setImmediate(resolve));
    this.#follower.flush();
    this.#link.send({ type: 'ended', state, error: error === null ? null : error.message, snapshot: runtime.snapshot() });
    await this.#link.close();
    this.#finish();
  }
}

function done(runtime: AppRuntime, message: string): Answer {
  return { kind: 'done', message, snapshot: runtime.snapshot(), spec: runtime.pool.spec };
}
