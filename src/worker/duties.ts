import type { Worker } from 'node:cluster';
import type { OpenCount, ToWorker, WorkerSettings } from '../protocol/worker.ts';
import { readAppMetrics } from './app-metrics.ts';
import type { Channel } from './channel.ts';
import type { Connections } from './connections.ts';
import { Drain } from './drain.ts';
import type { FedHandle } from './fed-handle.ts';
import { HeartbeatSender, type Activity } from './heartbeat.ts';
import { KeepAliveRebalance } from './keep-alive-rebalance.ts';
import type { Env, NodeFork } from './listen-hooks.ts';
import { Members } from './members.ts';
import type { AnyServer, RawHandle } from './node-internals.ts';
import { OpenCounter } from './open-count.ts';
import type { Orphan } from './orphan.ts';
import { ProcessMeter } from './process-meter.ts';
import { takeProfile } from './profile.ts';
import { shutdownSignal } from './shutdown-signal.ts';
import { Traffic } from './traffic.ts';

/** While connections move to this worker or away from it, the primary follows their number. */
const MOVING_MS = 2_000;

/** Evaluates the parser of what the app's own cluster workers send: most apps have none. */
function loadParser(): typeof import('../protocol/parse-from-worker.ts').parseFromWorker {
  const { parseFromWorker } = require('../protocol/parse-from-worker.ts') as typeof import('../protocol/parse-from-worker.ts');
  return parseFromWorker;
}

/** What is there before the app's script runs. */
export interface Beginnings {
  readonly settings: WorkerSettings;
  readonly channel: Channel;
  readonly connections: Connections;
  readonly orphan: Orphan;
}

/** What a worker does besides listening. They are taken up before its first connection, and before any message that concerns them. */
export interface Duties {
  readonly drain: Drain;
  received(message: Exclude<ToWorker, { readonly t: 'listening' | 'socket' | 'awaited' }>, handle: RawHandle | undefined): void;
  watch(server: AnyServer): void;
  /** Called before the server of this handle gets a connection. */
  delivered(connection: RawHandle, handle: FedHandle): void;
  /** Has the server of this handle take the connection of a health check. */
  probed(connection: RawHandle, handle: FedHandle): void;
  /** The app forks a cluster worker of its own. */
  fork(nodeFork: NodeFork, env: Env | undefined): Worker;
}

export function takeUpDuties({ settings, channel, connections, orphan }: Beginnings): Duties {
  const { role } = settings;
  const traffic = new Traffic();
  const members = new Members(loadParser);
  const drain = new Drain(traffic, {
    others: members,
    acceptNothing: () => {
      connections.acceptNothing();
      members.drain();
    },
    unrefServers: () => connections.unrefAll(),
    idleMs: settings.drainIdleMs,
    report: (quiet, blockers) => {
      // The process may be ended at once when its app's primary knows.
      if (quiet && role === 'member') heartbeats.flush();
      if (process.connected) channel.send({ t: 'draining', quiet, handler: shutdownSignal(), blockers });
      else if (quiet) orphan.quiet();
    },
  });
  const rebalance = new KeepAliveRebalance(traffic);
  const openCount = (): OpenCount => ({ connections: traffic.connections, delivered: connections.delivered, accepted: connections.accepted });
  const counter = new OpenCounter(
    () => ({ ...openCount(), connections: traffic.connections + members.connections }),
    (count) => channel.send({ t: 'open', count }),
  );
  traffic.start();
  for (const server of connections.servers) traffic.servers.watch(server);
  const processMeter = new ProcessMeter();
  processMeter.start();
  const vitals = {
    traffic,
    openCount,
    cpuMs: () => processMeter.cpuMs(),
    use: () => processMeter.sample(),
    complete: (own: Activity) => members.addActivity(own),
  };
  let hasBegun = false;
  const heartbeats = new HeartbeatSender(vitals, (beat) => channel.send({ t: 'heartbeat', beat }));
  heartbeats.start();
  const begin = (): void => {
    if (hasBegun) return;
    hasBegun = true;
    heartbeats.begins();
    counter.countFor(MOVING_MS);
  };
  // Before the app's own listeners, which may end the process at once.
  process.prependOnceListener('exit', () => heartbeats.flush());
  return {
    drain,
    watch(server) {
      traffic.servers.watch(server);
      // Its connections come from the app's primary, through Node.
      if (role === 'member') begin();
    },
    delivered(connection, handle) {
      members.accepted(connection, handle);
      counter.delivered();
      begin();
    },
    probed(connection, handle) {
      members.probed(connection, handle);
      traffic.probes.pass(() => handle.onconnection?.(0, connection));
    },
    fork: (nodeFork, env) => members.fork(nodeFork, env, settings),
    received(message, handle) {
      switch (message.t) {
        case 'conn':
          connections.deliver(message, handle);
          return counter.delivered();
        case 'count':
          return counter.turn(message.on);
        case 'drain':
          heartbeats.leaves();
          counter.countFor(MOVING_MS);
          return drain.begin();
        case 'rebalance':
          members.rebalance(message.count);
          return rebalance.order(message.count);
        case 'probe':
          return traffic.probes.expect(message.port);
        case 'leave':
          return drain.leave(message.exit);
        case 'app-metrics':
          return void readAppMetrics().then((text) => channel.send({ t: 'app-metrics', id: message.id, text }));
        case 'tally':
          return void members.tally(message.patience, traffic.tally(message.patience)).then((tally) => channel.send({ t: 'tally', id: message.id, tally }));
        case 'profile': {
          const { path } = message.request;
          const answer = (bytes: number, error: string | null): void => channel.send({ t: 'profiled', path, bytes, error });
          return void takeProfile(message.request).then(
            (bytes) => answer(bytes, null),
            (error: unknown) => answer(0, String(error)),
          );
        }
      }
    },
  };
}
