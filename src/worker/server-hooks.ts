import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AnyServer } from './node-internals.ts';

type Upgraded = (request: IncomingMessage, socket: Duplex) => void;

/**
 * Calls `upgraded` for each connection that leaves HTTP. Node treats an upgrade request by whether anybody listens for it, so we listen
 * only while the app does.
 */
export function onUpgrade(server: AnyServer, upgraded: Upgraded): void {
  for (const event of ['upgrade', 'connect']) {
    const listens = (): boolean => server.listeners(event).includes(upgraded);
    if (server.listenerCount(event) > 0) server.prependListener(event, upgraded);
    server.on('newListener', (added, listener) => {
      if (added === event && listener !== upgraded && !listens()) server.prependListener(event, upgraded);
    });
    server.on('removeListener', (removed) => {
      if (removed === event && server.listenerCount(event) === 1 && listens()) server.removeListener(event, upgraded);
    });
  }
}

/**
 * Calls the app's request listeners a tick later while `isOn`: a synchronous response could close the connection before pipelined
 * requests in the same packet are parsed.
 * @returns how to stop, if nobody else has replaced `emit` since
 */
export function deferRequests(server: AnyServer, isOn: () => boolean): () => void {
  const isOwn = Object.hasOwn(server, 'emit');
  // oxlint-disable-next-line typescript/unbound-method -- always called with its `this`
  const emit = server.emit;
  const deferring = function (this: AnyServer, event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'request' || !isOn()) return Reflect.apply(emit, this, [event, ...args]);
    process.nextTick(() => Reflect.apply(emit, this, [event, ...args]));
    return true;
  };
  server.emit = deferring;
  return () => {
    if (server.emit !== deferring) return;
    if (isOwn) server.emit = emit;
    else Reflect.deleteProperty(server, 'emit');
  };
}

/**
 * Calls `finished` at the end of each response, when Node takes it from its connection. The diagnostics channel tells the same, but
 * costs several times as much. Call this when the app has loaded `node:http`.
 */
export function onFinish(finished: (response: ServerResponse, socket: Socket) => void): void {
  const { prototype } = process.getBuiltinModule('node:http').ServerResponse;
  // oxlint-disable-next-line typescript/unbound-method -- always called with its `this`
  const detachSocket = prototype.detachSocket;
  prototype.detachSocket = function (this: ServerResponse, socket: Socket): void {
    finished(this, socket);
    detachSocket.call(this, socket);
  };
}
