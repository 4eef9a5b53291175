import type { Cluster, Worker } from 'node:cluster';
import type { Server } from 'node:net';
import type { Connections } from './connections.ts';
import { LONGEST_TIMER_MS } from './fed-handle.ts';
import type { AnyServer, ClusterInternals, ListenCallback, ListeningHandle, ServerInternals } from './node-internals.ts';

/** In a cluster worker, `net` asks the cluster module for a listening handle. */
export function hookCluster(connections: Connections, cluster: ClusterInternals): void {
  const nodeGetServer = cluster._getServer;
  cluster._getServer = (server, query, callback) => {
    const handle = connections.listen(server, query, () => {
      if (handle === null || handle.errno === 0) return callback(0, handle);
      handle.close();
      callback(handle.errno, null);
    });
    if (handle === null) Reflect.apply(nodeGetServer, cluster, [server, query, keptAlive(callback)]);
  };
}

/** Our preload lets go of the channel, so nothing else keeps the process alive until Node's own cluster has answered. */
function keptAlive(callback: ListenCallback): ListenCallback {
  const waiting = setInterval(() => {}, LONGEST_TIMER_MS);
  return (...answer) => {
    clearInterval(waiting);
    callback(...answer);
  };
}

/** In a member of an app's own cluster, that cluster's primary holds the sockets: here the servers are only counted. */
export function hookMember(watch: (server: AnyServer) => void, cluster: ClusterInternals): void {
  const nodeGetServer = cluster._getServer;
  cluster._getServer = (server, query, callback) => {
    Reflect.apply(nodeGetServer, cluster, [
      server,
      query,
      (errno: number, handle: ListeningHandle | null) => {
        if (errno === 0) watch(server);
        callback(errno, handle);
      },
    ]);
  };
}

/**
 * In a plain process, `net` opens the socket itself, unless the server has a handle. So it gets ours, and Node's own code runs when
 * the primary has answered. Until then the server counts as listening, as under plain Node.
 */
export function hookPlain(connections: Connections, prototype: ServerInternals): void {
  const nodeListen = prototype._listen2;
  prototype._listen2 = function (address, port, addressType, backlog, fd, flags) {
    const listen = (): void => Reflect.apply(nodeListen, this, [address, port, addressType, backlog, fd, flags]);
    if (this._handle !== null) return listen();
    const query = { address: address ?? null, port: port ?? null, addressType, backlog, fd, flags };
    const handle = connections.listen(this as unknown as Server, query, () => {
      // The app may have closed the server meanwhile. Node names an address that the app left open as the IPv6 one.
      if (this._handle === handle) Reflect.apply(nodeListen, this, [address ?? '::', port, address ? addressType : 6, backlog, fd, flags]);
    });
    if (handle === null) return listen();
    const family = addressType === 4 && address ? 'IPv4' : 'IPv6';
    if (port !== null && port !== undefined && port > 0) handle.name = { address: address ?? '::', port, family };
    this._handle = handle;
  };
}

export type Env = Readonly<Record<string, unknown>>;
export type NodeFork = (env?: Env) => Worker;

/** A plain app may fork cluster workers of its own. */
export function hookFork(cluster: Pick<Cluster, 'fork'>, fork: (nodeFork: NodeFork, env: Env | undefined) => Worker): void {
  const nodeFork = cluster.fork.bind(cluster);
  cluster.fork = (env?: Env) => fork(nodeFork, env);
}
