import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { Session } from 'node:inspector';
import { Server } from 'node:net';
import { field, isObject, string } from '../../protocol/parser.ts';
import { ndjson, ndjsonReader } from '../../protocol/ndjson.ts';
import type { SocketName } from '../../protocol/worker.ts';
import { HandleChannel } from '../../system/handle-channel.ts';
import { parseToAgent, type FromAgent, type Holds, type ToAgent } from './agent-messages.ts';

/**
 * The program that `lb migrate` loads into a running process of PM2: its daemon, or an app. It gives away duplicates of the sockets on
 * which the process listens, and later lets the process stop listening and finish its connections. Nothing here may throw: there is
 * nobody to catch it, and the process serves.
 */

/** Node's raw TCP handle. One that accepts has a listener for connections. */
interface RawHandle {
  /** Descriptor; the handles of cluster workers have none. */
  readonly fd?: number;
  readonly onconnection?: unknown;
  getsockname(out: object): number;
  close(): void;
}

/** Beside what its types say, Node.js counts in it. */
type CountingServer = Server & { readonly _connections?: number; readonly _handle?: RawHandle | null; closeIdleConnections?(): void };

/** @param path Unix socket of `lb migrate`, which hears what goes wrong */
export function serve(path: string, holds: Holds): void {
  try {
    const channel = HandleChannel.connect(path);
    void found(holds)
      .then(({ servers, handles }) => {
        const listening = servers.filter(listens);
        const all = new Set([...handles, ...listening.flatMap(({ _handle }) => _handle ?? [])]);
        new Agent(channel, listening, [...all].filter(accepts)).begin();
      })
      .catch((error: unknown) => channel.write(ndjson({ type: 'failed', reason: String(error) } satisfies FromAgent)));
  } catch {
    // Without a channel there is nobody to tell.
  }
}

/** The instances of `net.Server`, and the raw handles, of which some may listen without a server. */
async function found(holds: Holds): Promise<{ readonly servers: readonly CountingServer[]; readonly handles: readonly RawHandle[] }> {
  const session = new Session();
  session.connect();
  try {
    const servers = holds === 'sockets' ? [] : await instancesOf(session, Server.prototype);
    const handles = holds === 'servers' ? [] : await instancesOf(session, rawPrototype());
    return { servers: servers.filter(isServer), handles: handles.filter(isHandle) };
  } finally {
    session.disconnect();
  }
}

/** Node.js itself has no name for it. */
function rawPrototype(): object {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is in no types; every Node.js has it.
  const { binding } = process as unknown as { readonly binding: (name: 'tcp_wrap') => { readonly TCP: { readonly prototype: object } } };
  return binding('tcp_wrap').TCP.prototype;
}

const isServer = (each: unknown): each is CountingServer => each instanceof Server;
const isHandle = (each: unknown): each is RawHandle => isObject(each);

/** Where objects get in and out of the session. */
const NAME = '__lbMigrate';
const PASS = `globalThis.${NAME}`;
const objectId = field('objectId', string);

/** All objects with this prototype. Costs a garbage collection. */
async function instancesOf(session: Session, prototype: object): Promise<readonly unknown[]> {
  try {
    Reflect.set(globalThis, NAME, prototype);
    const prototypeObjectId = field('result', objectId)(await post(session, 'Runtime.evaluate', { expression: PASS }));
    const objects = field('objects', objectId)(await post(session, 'Runtime.queryObjects', { prototypeObjectId }));
    await post(session, 'Runtime.callFunctionOn', { objectId: objects, functionDeclaration: `function () { ${PASS} = this }` });
    const passed: unknown = Reflect.get(globalThis, NAME);
    const all: readonly unknown[] = Array.isArray(passed) ? passed : [];
    return all;
  } finally {
    Reflect.deleteProperty(globalThis, NAME);
  }
}

const post = (session: Session, method: string, params: object): Promise<unknown> =>
  new Promise((resolve, reject) => session.post(method, params, (error, result) => (error === null ? resolve(result) : reject(error))));

const listens = (server: CountingServer): boolean => server.listening;

/**
 * Whether it is a handle that accepts connections. In this order: what only inherits from a handle has no listener of its own, and asking
 * it for a descriptor would end the process.
 */
const accepts = (handle: RawHandle): boolean => typeof handle.onconnection === 'function' && nameOf(handle) !== null && (handle.fd ?? -1) >= 0;

function nameOf(handle: RawHandle): SocketName | null {
  const out: Partial<SocketName> = {};
  return typeof handle.getsockname === 'function' &&
    handle.getsockname(out) === 0 &&
    out.port !== undefined &&
    out.address !== undefined &&
    out.family !== undefined
    ? { address: out.address, port: out.port, family: out.family }
    : null;
}

class Agent {
  readonly #channel: HandleChannel;
  readonly #servers: readonly CountingServer[];
  readonly #handles: readonly RawHandle[];
  #isDraining = false;

  constructor(channel: HandleChannel, servers: readonly CountingServer[], handles: readonly RawHandle[]) {
    this.#channel = channel;
    this.#servers = servers;
    this.#handles = handles;
  }

  begin(): void {
    this.#channel.onData(
      ndjsonReader(
        (message) => this.#received(message),
        () => this.#channel.destroy(),
      ),
    );
    this.#channel.onClose(() => this.#drain(false));
    const addresses = this.#servers.map((server) => server.address());
    const servers = addresses.flatMap((address) => (typeof address === 'object' && address !== null ? [address] : []));
    this.#send({ type: 'hello', pid: process.pid, servers, hasOthers: servers.length < addresses.length });
    for (const [index, handle] of this.#handles.entries()) {
      const name = nameOf(handle);
      if (name !== null) this.#send({ type: 'keep', index, name }, handle);
    }
    this.#send({ type: 'ready' });
  }

  #received(value: unknown): void {
    try {
      this.#obey(parseToAgent(value));
    } catch {
      this.#channel.destroy();
    }
  }

  #obey(message: ToAgent): void {
    switch (message.type) {
      case 'release':
        for (const index of message.indexes) this.#handles[index]?.close();
        return this.#send({ type: 'released' });
      case 'drain':
        this.#drain(true);
        break;
      case 'close-idle':
        for (const server of this.#servers) server.closeIdleConnections?.();
        break;
      case 'count':
        break;
    }
    this.#send({ type: 'open', connections: this.#servers.reduce((sum, server) => sum + (server._connections ?? 0), 0) });
  }

  #drain(on: boolean): void {
    if (on === this.#isDraining) return;
    this.#isDraining = on;
    for (const server of this.#servers) {
      for (const [event, listener] of [
        ['request', lastAnswer],
        ['stream', lastStream],
      ] as const) {
        if (!on) server.off(event, listener);
        // A listener of its own would answer the requests of a server that has none.
        else if (server.listenerCount(event) > 0) server.prependListener(event, listener);
      }
    }
  }

  #send(message: FromAgent, handle?: object): void {
    this.#channel.write(ndjson(message), handle);
  }
}

/** HTTP/1 announces it with `Connection: close`. */
const lastAnswer = (_: IncomingMessage, response: ServerResponse): void => void (response.shouldKeepAlive = false);

/** HTTP/2 announces it with GOAWAY, and finishes what is under way. */
const lastStream = ({ session }: ServerHttp2Stream): void => session?.close();
