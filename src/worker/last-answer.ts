import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[] | [string, OutgoingHttpHeader][];

/** The response to the newest request of each connection. Of pipelined requests, only the last may close it. */
const newest = new WeakMap<Socket, ServerResponse>();

/**
 * Makes Node send `Connection: close` and close the connection after this response, even if the app (or a proxy module in
 * it) sets `Connection: keep-alive` itself.
 */
export function lastAnswer(response: ServerResponse): void {
  if (response.headersSent) return;
  const { socket } = response.req;
  const older = newest.get(socket);
  if (older !== undefined && older !== response && !older.headersSent) older.shouldKeepAlive = true;
  newest.set(socket, response);
  response.shouldKeepAlive = false;
  const writeHead = response.writeHead as (...args: unknown[]) => ServerResponse;
  // Node calls it for implicit headers as well.
  response.writeHead = function (this: ServerResponse, ...args: unknown[]): ServerResponse {
    if (newest.get(socket) === this) {
      const last = args.length - 1;
      if (typeof args[last] === 'object' && args[last] !== null) args[last] = withoutConnection(args[last] as Headers);
      if (this.hasHeader('connection')) this.setHeader('Connection', 'close');
    }
    return Reflect.apply(writeHead, this, args);
  };
}

function withoutConnection(headers: Headers): Headers {
  const isConnection = (name: unknown): boolean => String(name).toLowerCase() === 'connection';
  if (!Array.isArray(headers)) return Object.fromEntries(Object.entries(headers).filter(([name]) => !isConnection(name)));
  if (Array.isArray(headers[0])) return (headers as [string, OutgoingHttpHeader][]).filter(([name]) => !isConnection(name));
  // A flat list: name, value, name, value.
  return (headers as OutgoingHttpHeader[]).filter((_, i) => !isConnection(headers[i - (i % 2)]));
}
