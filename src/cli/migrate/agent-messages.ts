import { socketName } from '../../protocol/parse-to-worker.ts';
import { boolean, integer, list, number, string, variants } from '../../protocol/parser.ts';
import type { SocketName } from '../../protocol/worker.ts';

/** Where the sockets of a process are. `servers`: in `net.Server`; `sockets`: in handles without a server, as in the primary of a cluster. */
export type Holds = 'servers' | 'sockets' | 'both';

/** Between `lb migrate` and its agent in a process of PM2: newline-delimited JSON on a Unix socket, and handles beside it. */
export type FromAgent =
  /** First of all: on which addresses servers of this process listen, be it through a cluster primary. */
  | {
      readonly type: 'hello';
      readonly pid: number;
      readonly servers: readonly SocketName[];
      /** Servers of it listen on something else than TCP. */
      readonly hasOthers: boolean;
    }
  /** A TCP socket on which this process listens; it comes with a handle. */
  | { readonly type: 'keep'; readonly index: number; readonly name: SocketName }
  /** All sockets were sent. */
  | { readonly type: 'ready' }
  | { readonly type: 'released' }
  /** The sockets could not be found. */
  | { readonly type: 'failed'; readonly reason: string }
  /** Connections of all servers of this process. */
  | { readonly type: 'open'; readonly connections: number };

export type ToAgent =
  /** Stop listening on these sockets; whoever else has them goes on. Answered with `released`. */
  | { readonly type: 'release'; readonly indexes: readonly number[] }
  /** Let each answer be the last of its connection, until the channel closes. Answered with `open`. */
  | { readonly type: 'drain' }
  /** Close the connections on which no request is under way. Answered with `open`. */
  | { readonly type: 'close-idle' }
  /** Answered with `open`. */
  | { readonly type: 'count' };

/** @throws Malformed */
export const parseFromAgent = variants<FromAgent, 'type'>('type', {
  hello: { pid: integer(1), servers: list(socketName), hasOthers: boolean },
  keep: { index: integer(0), name: socketName },
  ready: {},
  released: {},
  failed: { reason: string },
  open: { connections: number(0) },
});

/** @throws Malformed */
export const parseToAgent = variants<ToAgent, 'type'>('type', {
  release: { indexes: list(integer(0)) },
  drain: {},
  'close-idle': {},
  count: {},
});
