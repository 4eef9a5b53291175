import { LbError, shellWord } from '../errors/lb-error.ts';
import { keepScale } from '../lifecycle/autoscale.ts';
import { describeAcceptance } from '../lifecycle/acceptor.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { describeRevival, isRevived } from '../lifecycle/trigger.ts';
import { plural } from '../lifecycle/wording.ts';
import { missingProgram } from '../logs/log-program.ts';
import type { Answer, Order } from '../protocol/attach.ts';
import type { ProgressRecord } from '../protocol/control.ts';
import { listedApp } from '../protocol/listed-app.ts';
import { parseSignal } from '../system/signals.ts';
import type { AppParts } from './app-parts.ts';
import type { AppRuntime } from './app-runtime.ts';
import type { LogFollower } from './logs/log-follower.ts';
import { changeBalance, changeWeights } from './operations/balance-orders.ts';
import type { Operation } from './operations/operation.ts';
import { ReloadOperation } from './operations/reload.ts';
import { RestartOperation } from './operations/restart.ts';
import { ScaleOperation } from './operations/scale.ts';
import { StartOperation } from './operations/start.ts';
import { StopOperation } from './operations/stop.ts';
import type { Startable } from './workers/startable.ts';

/** What is needed to carry out an order. */
export interface OrderContext {
  readonly runtime: AppRuntime;
  readonly follower: LogFollower;
  readonly startable: Startable;
  readonly progress: (record: ProgressRecord) => void;
  /** The health port could not be opened in a start without a waiting client. */
  readonly healthPortFailed: (error: LbError) => void;
  /** The app cannot start. */
  readonly giveUp: (error: LbError) => void;
}

type OrderKind = Order['kind'];
type OrderOf<K extends OrderKind> = Extract<Order, { readonly kind: K }>;
type Handler<K extends OrderKind> = (order: OrderOf<K>, context: OrderContext) => Answer | Promise<Answer>;

const HANDLERS: { readonly [K in OrderKind]: Handler<K> } = {
  start: async (order, context) => {
    const { runtime } = context;
    const { parts } = runtime;
    const { pool, supervisor } = parts;
    if (order.strict) await orGiveUp(context, requireLogProgram(order.spec));
    if (order.strict) await orGiveUp(context, parts.sockets.open(order.spec));
    await openEndpoint(order, context);
    if (order.resting === true && isRevived(order.spec)) {
      pool.rest();
      supervisor.wake();
      return done(runtime, `${order.spec.name} is not running: ${describeRevival(order.spec)}`);
    }
    if (order.strict) {
      // A predecessor has shown whether it ever listens.
      const waitsForListener = order.beside !== true || order.footprint?.listened !== false;
      return operate(context, 'start', false, () => new StartOperation(parts.context, waitsForListener));
    }
    // Otherwise each worker tries again.
    await parts.sockets.open(order.spec).catch(() => {});
    pool.wanted = pool.spec.instances;
    supervisor.wake();
    return done(runtime, `${order.spec.name} is being restored`);
  },
  reload: async ({ spec, parallel = 1, monitorMs, onFailure = 'rollback', drop = [], allAtOnce = false, slots }, context) => {
    const { runtime } = context;
    const { parts } = runtime;
    checkStart('reload', spec, context);
    const next = spec ?? parts.pool.spec;
    // Without one it is queued in this turn: operations run in the order of their orders.
    if (next.beforeReload !== null && slots === undefined && parts.supervisor.resting !== 'waiting') await runBefore(next, context);
    if (spec !== undefined) await prepare(runtime, spec);
    if (parts.supervisor.resting === 'waiting') return redefine(runtime, spec);
    const options = { spec, parallel, monitorMs, onFailure, drop, allAtOnce, slots };
    return operate(context, 'reload', spec === undefined && drop.length === 0 && slots === undefined, () => new ReloadOperation(parts.context, options));
  },
  restart: async ({ spec, now = false, slots }, context) => {
    const { runtime } = context;
    const { parts } = runtime;
    checkStart('restart', spec, context);
    if (spec !== undefined) await prepare(runtime, spec);
    const joinable = spec === undefined && slots === undefined;
    return operate(context, 'restart', joinable, () => new RestartOperation(parts.context, { spec, now, slots }));
  },
  scale: (order, context) => {
    const { runtime } = context;
    const { parts } = runtime;
    if (order.auto === true) return done(runtime, parts.autoscaler.turnOn());
    return operate(context, 'scale', false, () => new ScaleOperation(parts.context, order));
  },
  stop: async ({ now = false }, context) => {
    const { parts, beforeReload } = context.runtime;
    beforeReload.cancel('the app is being stopped');
    if (parts.runner.current?.kind === 'stop') parts.runner.skipAhead(now);
    const answer = await operate(context, 'stop', false, () => new StopOperation(parts.context, { now }));
    // What is left to do is over before anybody can ask for the state.
    return answer.kind === 'done' ? { ...answer, snapshot: { ...answer.snapshot, state: 'stopped' } } : answer;
  },
  balance: ({ strategy }, { runtime }) => {
    refuseDuringReload(runtime.parts, 'balance');
    const { pool, acceptance } = runtime.parts;
    const change = changeBalance(pool, strategy);
    return done(runtime, `${change}; connections are accepted ${describeAcceptance(acceptance.current)}`);
  },
  weight: ({ weights }, { runtime }) => {
    refuseDuringReload(runtime.parts, 'weight');
    return done(runtime, changeWeights(runtime.parts.pool, weights));
  },
  signal: (order, { runtime }) => sendSignal(runtime, parseSignal(order.signal), order.pid),
  abort: (_, { runtime }) => {
    const reason = 'the operator aborted it';
    const found = runtime.beforeReload.cancel(reason);
    return done(runtime, runtime.parts.runner.abort(reason) || found ? 'aborting' : 'nothing to abort');
  },
  snapshot: async (_, { runtime }) => {
    await Promise.all([runtime.parts.sampler.refresh(), runtime.parts.generations.check()]);
    return { kind: 'snapshot', snapshot: runtime.snapshot() };
  },
  list: async (_, { runtime }) => {
    await Promise.all([runtime.parts.sampler.refresh(), runtime.parts.generations.check()]);
    return { kind: 'list', app: listedApp(runtime.snapshot()) };
  },
  tail: ({ lines }, { runtime: { parts }, follower }) => {
    // Otherwise lines of the tail would be sent to followers after it, a second time.
    follower.flush();
    return { kind: 'tail', lines: parts.logs.tail(lines) };
  },
  profile: async (order, { runtime: { parts }, progress }) => ({ kind: 'profile', file: await parts.profiler.take(order, progress) }),
  'app-metrics': async (_, { runtime: { parts } }) => ({ kind: 'app-metrics', metrics: await parts.appMetrics.collect() }),
  'follow-logs': ({ on }, { runtime, follower }) => {
    follower.follow(on);
    return done(runtime, 'ok');
  },
  'reopen-logs': async (_, { runtime }) => {
    await runtime.parts.logs.reopen();
    return done(runtime, `${runtime.parts.pool.spec.name} writes to new log files`);
  },
  reset: (_, { runtime }) => {
    runtime.parts.pool.resetCounters();
    return done(runtime, `the counters of ${runtime.parts.pool.spec.name} are 0`);
  },
};

/** Carries out an order. Resolves with the answer when it is done. @throws LbError if it fails. */
export async function carryOut<K extends OrderKind>(order: OrderOf<K>, context: OrderContext): Promise<Answer> {
  const handler: Handler<K> = HANDLERS[order.kind];
  return handler(order, context);
}

/** What has to succeed before anything is replaced. @throws LbError */
async function runBefore(spec: AppSpec, { runtime, progress }: OrderContext): Promise<void> {
  const place = { type: 'progress', app: spec.name, operation: 'reload', step: 'note', slot: null, generation: null, pid: null } as const;
  await runtime.beforeReload.run(spec, (message) => progress({ ...place, message }));
}

/** Queues an operation. Resolves when it is done. */
function operate({ runtime, progress }: OrderContext, kind: Operation['kind'], joinable: boolean, create: () => Operation): Promise<Answer> {
  return new Promise((resolve, reject) =>
    runtime.parts.runner.submit(kind, joinable, create, {
      progress,
      done: (outcome) => (outcome.ok ? resolve(done(runtime, outcome.message)) : reject(outcome.error)),
    }),
  );
}

/** An app that has ended is not run by a deploy. */
function redefine(runtime: AppRuntime, spec: AppSpec | undefined): Answer {
  const { pool, supervisor } = runtime.parts;
  if (spec !== undefined) pool.spec = keepScale(spec, pool.spec, pool.wanted);
  pool.nextGeneration();
  supervisor.wake();
  const { name } = pool.spec;
  return done(
    runtime,
    `${name} is not running, and takes ${spec === undefined ? 'what is on disk' : 'its new definition'} when it starts: ${describeRevival(pool.spec)}, or "lb start ${shellWord(name)}"`,
  );
}

/** What a new definition needs before its first worker starts. @throws LbError */
async function prepare({ endpoint, parts }: AppRuntime, spec: AppSpec): Promise<void> {
  await requireLogProgram(spec);
  await parts.sockets.open(spec);
  await endpoint.move(spec.healthPort);
}

/** @throws LbError LB_ERR_LOG_PROGRAM */
async function requireLogProgram(spec: AppSpec): Promise<void> {
  const path = process.env['PATH'] ?? '';
  const missing = await missingProgram(spec, path);
  if (missing !== null) throw new LbError('LB_ERR_LOG_PROGRAM', { app: spec.name, ...missing, path });
}

/** Nothing is stopped for what cannot be started. @throws LbError LB_ERR_NOT_STARTABLE or LB_ERR_OTHER_NODE */
function checkStart(operation: 'reload' | 'restart', changed: AppSpec | undefined, { runtime: { parts }, startable }: OrderContext): void {
  const { spec } = parts.pool;
  const app = spec.name;
  const wanted = changed === undefined ? null : startable.otherNode(spec, changed);
  if (wanted !== null) throw new LbError('LB_ERR_OTHER_NODE', { app, operation, wanted, version: process.version, node: process.execPath });
  const reason = startable.problem(changed ?? spec);
  if (reason !== null) throw new LbError('LB_ERR_NOT_STARTABLE', { app, operation, reason });
}

/** If the health port is in use, a strict start fails. Otherwise the app runs without it until the port is free, which the primary before it may hold. */
async function openEndpoint({ spec, strict, beside = false }: OrderOf<'start'>, context: OrderContext): Promise<void> {
  const { runtime, healthPortFailed } = context;
  if (strict && !beside) await orGiveUp(context, runtime.endpoint.move(spec.healthPort));
  else await runtime.endpoint.keepTrying(spec.healthPort, beside ? () => {} : healthPortFailed);
}

/** Without what is under way the app cannot start. */
async function orGiveUp({ giveUp }: OrderContext, needed: Promise<void>): Promise<void> {
  try {
    await needed;
  } catch (thrown) {
    const error = LbError.from(thrown);
    giveUp(error);
    throw error;
  }
}

/** Changes are refused during a reload because a rollback would undo them. */
function refuseDuringReload({ runner, pool }: AppParts, operation: string): void {
  if (runner.current?.kind !== 'reload') return;
  throw new LbError('LB_ERR_OPERATION_FAILED', { operation, app: pool.spec.name, reason: 'a reload is running; try again when it has finished' });
}

function sendSignal(runtime: AppRuntime, signal: NodeJS.Signals, pid?: number): Answer {
  const { spec, workers: all } = runtime.parts.pool;
  const workers = all.filter((worker) => worker.state !== 'exited' && (pid === undefined || worker.pid === pid));
  if (pid !== undefined && workers.length === 0) throw new LbError('LB_ERR_WORKER_NOT_FOUND', { app: spec.name, pid });
  for (const worker of workers) worker.channel.signal(signal);
  return done(runtime, `${signal} sent to ${plural(workers.length, 'worker')} of ${spec.name}`);
}

function done(runtime: AppRuntime, message: string): Answer {
  return { kind: 'done', message, snapshot: runtime.snapshot(), spec: runtime.parts.pool.spec };
}
