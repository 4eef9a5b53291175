/**
 * Loaded before the user's script, in workers only: with `--require`, in plain ones by NODE_OPTIONS. It feeds the app's servers with connections,
 * reports, drains, and survives the primary; the app runs as it does without it.
 */
import cluster from 'node:cluster';
import { Server } from 'node:net';
import { INSPECT_ARGUMENT, WORKER_SETTINGS_VAR, type OpenCount, type WorkerRole, type WorkerSettings } from '../protocol/worker.ts';
import { attempt, Malformed } from '../protocol/parser.ts';
import { parseWorkerSettings } from '../protocol/parse-to-worker.ts';
import { readAppMetrics } from './app-metrics.ts';
import { openChannel } from './channel.ts';
import { Connections } from './connections.ts';
import { Drain } from './drain.ts';
import { hookCluster, hookMember, hookPlain } from './listen-hooks.ts';
import { Members } from './members.ts';
import type { ClusterInternals, ServerInternals } from './node-internals.ts';
import { HeartbeatSender, type Activity } from './heartbeat.ts';
import { OpenCounter } from './open-count.ts';
import { Orphan } from './orphan.ts';
import { writeSynchronously } from './output.ts';
import { ProcessMeter } from './process-meter.ts';
import { takeProfile } from './profile.ts';
import { KeepAliveRebalance } from './keep-alive-rebalance.ts';
import { Traffic } from './traffic.ts';

function shutdownSignal(): 'SIGTERM' | 'SIGINT' | null {
  if (process.listenerCount('SIGTERM') > 0) return 'SIGTERM';
  return process.listenerCount('SIGINT') > 0 ? 'SIGINT' : null;
}

/** The app, its children and its threads (which load this file too) must not know of the preload. */
function removeTraces(): void {
  delete process.env[WORKER_SETTINGS_VAR];
  const at = process.execArgv.indexOf(__filename);
  if (at > 0) process.execArgv.splice(at - 1, 2);
  for (let own = process.execArgv.indexOf(INSPECT_ARGUMENT); own >= 0; own = process.execArgv.indexOf(INSPECT_ARGUMENT)) process.execArgv.splice(own, 1);
}

/**
 * Node's cluster keeps a worker alive for as long as its channel is open. A script that has nothing left to do ends
 * under plain Node, so it ends here: gives back the references that cluster's own listeners took. A listener of the app
 * for 'message' takes one again, as in any child process.
 */
function releaseChannel(): void {
  const channel = process.channel as { unrefCounted?: () => void } | undefined;
  const taken = process.listenerCount('message') + process.listenerCount('disconnect');
  for (let i = 0; i < taken; i++) channel?.unrefCounted?.();
}

/** Sends the app's `listen` calls to the primary that holds the sockets. */
function hookListen(role: WorkerRole, connections: Connections, traffic: Traffic): void {
  const internals = cluster as unknown as ClusterInternals;
  if (role === 'plain') hookPlain(connections, Server.prototype as unknown as ServerInternals);
  else if (role === 'cluster') hookCluster(connections, internals);
  else hookMember(traffic, internals);
}

function start(settings: WorkerSettings): void {
  const { role } = settings;
  const channel = openChannel();
  const traffic = new Traffic();
  const members = new Members();
  const connections = new Connections(channel, traffic);
  const orphan = new Orphan(() => drain, shutdownSignal);
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
  const openCount = (): OpenCount => ({ connections: traffic.connections, delivered: connections.delivered });
  const counter = new OpenCounter(openCount, (count) => channel.send({ t: 'open', count }));
  connections.onDelivered = (connection) => members.accepted(connection);
  traffic.start();
  hookListen(role, connections, traffic);
  if (role === 'plain') members.install(cluster, __filename, settings);
  channel.onMessage((message, handle) => {
    switch (message.t) {
      case 'conn':
        connections.deliver(message, handle);
        return counter.delivered();
      case 'socket':
        return connections.accept(message, handle);
      case 'count':
        return counter.turn(message.on);
      case 'listening':
        return connections.listening(message.seq, message.errno, message.name);
      case 'drain':
        return drain.begin();
      case 'awaited':
        orphan.isAwaited = message.on;
        return;
      case 'rebalance':
        members.rebalance(message.count);
        return rebalance.order(message.count);
      case 'leave':
        return drain.leave(message.exit);
      case 'app-metrics':
        return void readAppMetrics().then((text) => channel.send({ t: 'app-metrics', id: message.id, text }));
      case 'profile': {
        const { path } = message.request;
        const answer = (bytes: number, error: string | null): void => channel.send({ t: 'profiled', path, bytes, error });
        return void takeProfile(message.request).then(
          (bytes) => answer(bytes, null),
          (error: unknown) => answer(0, String(error)),
        );
      }
    }
  });
  const processMeter = new ProcessMeter();
  processMeter.start();
  const vitals = {
    traffic,
    openCount,
    cpuMs: () => processMeter.cpuMs(),
    use: () => processMeter.sample(),
    complete: (own: Activity) => members.addActivity(own),
  };
  const heartbeats = new HeartbeatSender(vitals, (beat) => channel.send({ t: 'heartbeat', beat }));
  heartbeats.start();
  process.once('exit', () => heartbeats.flush());
  // A member leaves when its primary, which is the app's, is gone; and that one keeps it alive.
  if (role === 'member') return;
  writeSynchronously();
  orphan.watch(cluster.worker, settings);
  releaseChannel();
}

/** NODE_OPTIONS brought the preload, before the app's own options. */
function restoreNodeOptions(nodeOptions: string | null): void {
  if (nodeOptions === null) delete process.env['NODE_OPTIONS'];
  else process.env['NODE_OPTIONS'] = nodeOptions;
}

const given = process.env[WORKER_SETTINGS_VAR];
removeTraces();
if (given !== undefined) {
  const settings = attempt(() => parseWorkerSettings(JSON.parse(given)));
  if (settings instanceof Malformed) throw new Error(`lb: malformed settings from the primary, which may be of another version: ${settings.message}`);
  if (settings.role !== 'cluster') restoreNodeOptions(settings.nodeOptions);
  if (settings.role === 'plain' || cluster.isWorker) start(settings);
}
