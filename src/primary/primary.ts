import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { Answer, FromPrimary, Order, PrimarySettings, ToPrimary } from '../protocol/attach.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { PROTOCOL } from '../protocol/version.ts';
import type { WorkerSettings } from '../protocol/worker.ts';
import { now, wallNow } from '../system/clock.ts';
import { startTimeOf } from '../system/processes.ts';
import { parseSignal } from '../system/signals.ts';
import { UsageSampler } from '../system/usage.ts';
import { DaemonLink } from './daemon-link.ts';
import { Dispatcher } from './dispatcher.ts';
import { Listeners } from './listeners.ts';
import { LogFollower } from './log-follower.ts';
import { LogSink } from './log-sink.ts';
import { OperationRunner } from './operation-runner.ts';
import type { Operation, OperationContext, Outcome } from './operations/operation.ts';
import { RecycleOperation } from './operations/recycle.ts';
import { DEFAULT_MONITOR_MS, ReloadOperation } from './operations/reload.ts';
import { RestartOperation } from './operations/restart.ts';
import { ScaleOperation } from './operations/scale.ts';
import { StartOperation } from './operations/start.ts';
import { StopOperation } from './operations/stop.ts';
import { Pool } from './pool.ts';
import { Router } from './router.ts';
import { Sampler } from './sampler.ts';
import { takeSnapshot } from './snapshot.ts';
import { SpawnChannel } from './spawn-channel.ts';
import { Supervisor } from './supervisor.ts';
import type { WorkerHandle } from './worker-handle.ts';

/** The parts of a primary, put together for one app. Exists from the first start order on. */
interface Running {
  readonly pool: Pool;
  readonly runner: OperationRunner;
  readonly supervisor: Supervisor;
  readonly logs: LogSink;
  readonly follower: LogFollower;
  readonly sampler: Sampler;
  readonly context: OperationContext;
}

export class Primary {
  readonly #settings: PrimarySettings;
  readonly #link: DaemonLink;
  readonly #channel = new SpawnChannel();
  readonly #dispatcher: Dispatcher;
  readonly #listeners: Listeners;
  readonly #startedAt = now();
  readonly #startedWall = wallNow();
  readonly #finish: () => void;
  #running: Running | null = null;
  /** Somebody follows the log; may be known before the app is. */
  #followed = false;

  /** @param finish called when the app has ended and everything is written. */
  constructor(settings: PrimarySettings, finish: () => void) {
    this.#settings = settings;
    this.#finish = finish;
    this.#link = new DaemonLink(settings, {
      hello: () => this.#hello(),
      received: (message) => this.#received(message),
      lost: () => this.#daemonLost(),
    });
    this.#dispatcher = new Dispatcher({
      crowded: (key) => this.#listeners.pause(key),
      relieved: (key) => this.#listeners.resume(key),
    });
    this.#listeners = new Listeners({
      onConnection: (key, connection) => this.#dispatcher.accept(key, connection),
      onOpened: (listener) => this.#channel.keep(listener),
      onClosed: (key) => {
        this.#dispatcher.close(key);
        this.#channel.drop(key);
      },
      borrow: (key) => {
        this.#channel.borrow(key);
        return this.#channel.open;
      },
    });
  }

  async start(): Promise<void> {
    await this.#channel.receive(this.#settings.sockets, (key, handle, name) => this.#listeners.received(key, handle, name));
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
      running: this.#running === null ? null : { spec: this.#running.pool.spec, snapshot: this.#snapshot(this.#running) },
    };
  }

  #received(message: ToPrimary): void {
    if (message.type === 'ping') {
      this.#link.send({ type: 'pong', seq: message.seq });
      return;
    }
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
    if (order.kind === 'start') {
      this.#running ??= this.#assemble(order.spec);
      this.#running.pool.generation = order.generation;
      this.#running.follower.follow(this.#followed);
    }
    if (order.kind === 'follow-logs') this.#followed = order.on;
    const running = this.#running;
    if (running === null) throw new LbError('LB_ERR_APP_STOPPED', { app: this.#settings.app, state: 'not started yet', operation: order.kind });
    const { pool, runner, context } = running;
    switch (order.kind) {
      case 'start':
        if (order.strict) return this.#submit(id, 'start', false, () => new StartOperation(context));
        pool.wanted = pool.spec.instances;
        running.supervisor.wake();
        return this.#done(running, `${order.spec.name} is being brought back`);
      case 'reload': {
        const options = {
          spec: order.spec,
          parallel: order.parallel ?? 1,
          monitorMs: order.monitorMs ?? DEFAULT_MONITOR_MS,
          onFailure: order.onFailure ?? 'rollback',
          allAtOnce: order.allAtOnce ?? false,
        } as const;
        return this.#submit(id, 'reload', order.spec === undefined, () => new ReloadOperation(context, options));
      }
      case 'restart': {
        const options = { now: order.now ?? false, ...(order.spec === undefined ? {} : { spec: order.spec }) };
        return this.#submit(id, 'restart', order.spec === undefined, () => new RestartOperation(context, options));
      }
      case 'scale':
        return this.#submit(id, 'scale', false, () => new ScaleOperation(context, order));
      case 'stop':
        if (runner.current?.kind === 'stop') pool.skipAhead();
        return this.#submit(id, 'stop', false, () => new StopOperation(context, { now: order.now ?? false }));
      case 'signal':
        return this.#signal(running, parseSignal(order.signal));
      case 'abort':
        return this.#done(running, runner.abort('aborted by the operator') ? 'aborting' : 'nothing runs');
      case 'snapshot':
        await running.sampler.refresh();
        return { kind: 'snapshot', snapshot: this.#snapshot(running) };
      case 'tail':
        return { kind: 'tail', lines: running.logs.tail(order.lines) };
      case 'follow-logs':
        running.follower.follow(order.on);
        return this.#done(running, 'ok');
    }
  }

  #submit(id: number, kind: Operation['kind'], joinable: boolean, create: () => Operation): null {
    this.#running?.runner.submit(kind, joinable, create, {
      progress: (record) => this.#link.send({ type: 'progress', id, record }),
      done: (outcome) => this.#answer(id, outcome),
    });
    return null;
  }

  #answer(id: number, outcome: Outcome): void {
    if (!outcome.ok) this.#link.send({ type: 'failed', id, error: outcome.error.toRecord() });
    else if (this.#running !== null) this.#link.send({ type: 'answer', id, answer: this.#done(this.#running, outcome.message) });
  }

  #done(running: Running, message: string): Answer {
    return { kind: 'done', message, snapshot: this.#snapshot(running), spec: running.pool.spec };
  }

  #signal(running: Running, signal: NodeJS.Signals): Answer {
    const workers = running.pool.workers.filter((worker) => worker.state !== 'exited');
    for (const worker of workers) worker.signal(signal);
    return this.#done(running, `${signal} sent to ${workers.length} ${workers.length === 1 ? 'worker' : 'workers'} of ${this.#settings.app}`);
  }

  #snapshot({ pool, runner, supervisor }: Running): AppSnapshot {
    return takeSnapshot({
      pool,
      runner,
      supervisor,
      listeners: this.#listeners,
      dispatcher: this.#dispatcher,
      startedAt: this.#startedAt,
      startedWall: this.#startedWall,
      socketsKept: this.#channel.open,
    });
  }

  #assemble(spec: AppSpec): Running {
    const { app } = this.#settings;
    const event = (kind: string, message: string, worker?: { slot: number; pid: number }): void =>
      this.#link.send({ type: 'event', event: { at: wallNow(), app, kind, message, ...(worker === undefined ? {} : { slot: worker.slot, pid: worker.pid }) } });
    const logs = new LogSink(app, (problem) => event('log', problem));
    const follower = new LogFollower(logs, this.#link);
    const usage = new UsageSampler();
    const router = new Router(this.#dispatcher, this.#listeners, () => pool.workers);
    const pool: Pool = new Pool({
      spec,
      preload: this.#settings.preload,
      workerSettings: (current) => this.#workerSettings(current),
      onForked: (worker) => {
        logs.attach(worker, pool.spec);
        supervisor.forked(worker);
      },
      events: {
        stateChanged: (worker, from) => {
          router.changed();
          supervisor.stateChanged(worker, from);
        },
        listen: (worker, seq, query) => {
          void this.#listeners.listen(query).then(({ errno, listener }) => {
            worker.answerListen(seq, query.key, errno, listener?.name ?? null);
            supervisor.wake();
          });
        },
        routesChanged: () => router.changed(),
        free: (worker) => this.#dispatcher.pumpFor(worker),
        notTaken: (worker, pending) => router.notTaken(worker, pending),
        said: (worker, message) => {
          if (message === 'ready') supervisor.saidReady(worker);
        },
        exited: (worker, code) => {
          usage.forget(worker.pid);
          supervisor.exited(worker, code);
        },
        gone: (worker, report) => supervisor.gone(worker, report),
        drainChanged: (worker) => supervisor.drainChanged(worker),
      },
    });
    const runner = new OperationRunner({
      app,
      onFinished: (kind, outcome) => supervisor.operationFinished(kind, outcome),
      wake: () => supervisor.wake(),
    });
    const supervisor: Supervisor = new Supervisor({
      app,
      pool,
      runner,
      event,
      appListens: () => this.#listeners.expected,
      onEnded: (state, error) => void this.#ended(state, error),
    });
    const context: OperationContext = {
      pool,
      wakeIn: (ms) => supervisor.wakeIn(ms),
      progress: (step, message, worker) => runner.progress(step, message, worker),
      closeUnusedListeners: () => this.#listeners.closeAllBut(new Set(pool.workers.flatMap((worker) => [...worker.keys]))),
    };
    const sampler = new Sampler({
      usage,
      workers: () => pool.workers.filter((worker) => worker.state !== 'exited'),
      limitBytes: () => pool.spec.maxMemoryBytes,
      onOverLimit: (worker, memoryBytes) => this.#recycle(worker, memoryBytes),
    });
    sampler.start();
    return { pool, runner, supervisor, logs, follower, sampler, context };
  }

  readonly #recycling = new WeakSet<WorkerHandle>();

  #recycle(worker: WorkerHandle, memoryBytes: number): void {
    const running = this.#running;
    if (running === null || this.#recycling.has(worker)) return;
    this.#recycling.add(worker);
    const { runner, context, pool } = running;
    const megabytes = (bytes: number): string => `${Math.round(bytes / 1048576)} MB`;
    const reason = `worker ${worker.slot} uses ${megabytes(memoryBytes)}, the limit is ${megabytes(pool.spec.maxMemoryBytes ?? 0)}`;
    this.#link.send({ type: 'event', event: { at: wallNow(), app: pool.spec.name, kind: 'memory', message: reason, slot: worker.slot, pid: worker.pid } });
    runner.submit('recycle', false, () => new RecycleOperation(context, worker, 'memory'), {
      progress: () => {},
      // A worker that could not be replaced is tried again at the next sample.
      done: () => void this.#recycling.delete(worker),
    });
  }

  #workerSettings(spec: AppSpec): WorkerSettings {
    const { socket, home, daemonLog, daemonProgram, daemonNode, foreground } = this.#settings;
    const revive = foreground ? null : { socket, program: daemonProgram, home, log: daemonLog, node: daemonNode };
    return { killTimeoutMs: spec.killTimeoutMs, revive };
  }

  #daemonLost(): void {
    const running = this.#running;
    this.#followed = false;
    running?.follower.follow(false);
    if (!this.#settings.foreground) return;
    if (running === null) return this.#finish();
    running.runner.submit('stop', false, () => new StopOperation(running.context, { now: false }), { progress: () => {}, done: () => {} });
  }

  async #ended(state: 'stopped' | 'errored', error: LbError | null): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    running.sampler.stop();
    this.#listeners.closeAllBut(new Set());
    await running.logs.close();
    // The answer to the operation that ended it is sent in the same turn, before this.
    await new Promise((resolve) => setImmediate(resolve));
    running.follower.flush();
    this.#link.send({ type: 'ended', state, error: error === null ? null : error.message, snapshot: this.#snapshot(running) });
    await this.#link.close();
    this.#finish();
  }
}
