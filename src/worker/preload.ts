/**
 * Loaded before the user's script, in workers only: with `--require`, in plain ones by NODE_OPTIONS. It feeds the app's servers with connections,
 * reports, drains, and survives the primary; the app runs as it does without it.
 */
import cluster from 'node:cluster';
import { Server } from 'node:net';
import { INSPECT_PORT, INSPECT_SECRET, WORKER_SETTINGS_VAR, type WorkerSettings } from '../protocol/worker.ts';
import { attempt, Malformed } from '../protocol/parser.ts';
import { parseWorkerSettings } from '../protocol/parse-to-worker.ts';
import { openChannel } from './channel.ts';
import { Connections } from './connections.ts';
import type { Beginnings, Duties } from './duties.ts';
import { hookCluster, hookFork, hookMember, hookPlain } from './listen-hooks.ts';
import type { ClusterInternals, ServerInternals } from './node-internals.ts';
import { Orphan } from './orphan.ts';
import { prepareOutput } from './output.ts';
import { shutdownSignal } from './shutdown-signal.ts';

/** The socket that a plain worker accepts from follows the answer to its `listen`: until then nothing else must delay it. */
const SOON_MS = 50;

const internals = cluster as unknown as ClusterInternals;

/** The build puts the module into this bundle as text, which is compiled here: the app's script need not wait for it. */
function takeUp(beginnings: Beginnings): Duties {
  const { takeUpDuties } = require('./duties.ts') as typeof import('./duties.ts');
  return takeUpDuties(beginnings);
}

/** The app, its children and its threads (which load this file too) must not know of the preload. */
function removeTraces(): void {
  delete process.env[WORKER_SETTINGS_VAR];
  const at = process.execArgv.indexOf(__filename);
  if (at > 0) process.execArgv.splice(at - 1, 2);
  for (const ours of [INSPECT_PORT, INSPECT_SECRET]) {
    for (let own = process.execArgv.indexOf(ours); own >= 0; own = process.execArgv.indexOf(ours)) process.execArgv.splice(own, 1);
  }
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

function start(settings: WorkerSettings): void {
  const { role } = settings;
  const channel = openChannel();
  let taken: Duties | null = null;
  const duties = (): Duties => (taken ??= takeUp({ settings, channel, connections, orphan }));
  const connections = new Connections(channel, {
    opened: (server) => taken?.watch(server),
    delivered: (connection, handle) => duties().delivered(connection, handle),
    probed: (connection, handle) => duties().probed(connection, handle),
  });
  const orphan = new Orphan(() => duties().drain, shutdownSignal);
  if (role === 'plain') {
    hookPlain(connections, Server.prototype as unknown as ServerInternals);
    hookFork(cluster, (nodeFork, env) => duties().fork(nodeFork, env));
  } else if (role === 'cluster') hookCluster(connections, internals);
  else hookMember((server) => duties().watch(server), internals);
  channel.onMessage((message, handle) => {
    if (message.t === 'listening') connections.listening(message.seq, message.errno, message.name);
    else if (message.t === 'socket') connections.accept(message, handle);
    else if (message.t === 'awaited') orphan.isAwaited = message.on;
    else return duties().received(message, handle);
    setTimeout(duties, SOON_MS).unref();
  });
  // When the app's script has run; or, if that waits for an answer to its `listen`, after the answer.
  setImmediate(() => connections.asking || duties());
  // A member leaves when its primary, which is the app's, is gone; and that one keeps it alive.
  if (role === 'member') return;
  prepareOutput();
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
  if (settings.umask !== undefined) process.umask(settings.umask);
  if (settings.role !== 'cluster') restoreNodeOptions(settings.nodeOptions);
  if (settings.role === 'plain' || cluster.isWorker) start(settings);
}
