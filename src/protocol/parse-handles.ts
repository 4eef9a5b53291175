import { isIP } from 'node:net';
import type { FromPrimary, HandleMessage, OutputOrigin, PortBinding, SocketId } from './attach.ts';
import { appName } from './parse-app-spec.ts';
import { socketName } from './parse-to-worker.ts';
import { integer, isObject, Malformed, nullable, object, oneOf, string, type Parser, type Shape } from './parser.ts';

export const SOCKET_ID = { app: appName, key: string };
export const NAMED_SOCKET = { ...SOCKET_ID, name: nullable(socketName) };
const IPV6_ONLY = 1;
const ipAddress: Parser<string> = (value) => {
  if (typeof value === 'string' && isIP(value) !== 0) return value;
  throw new Malformed('an IP address', value);
};
export const PORT_BINDING: Shape<PortBinding> = {
  ...SOCKET_ID,
  address: nullable(ipAddress),
  port: integer(1, 65_535),
  addressType: oneOf([4, 6]),
  flags: integer(0, IPV6_ONLY),
};
export const OUTPUT = { app: appName, origin: object<OutputOrigin>({ slot: integer(0), pid: integer(0), stream: oneOf(['out', 'err']) }) };
export const socketId = object<SocketId>(SOCKET_ID);

/** A raw listening socket. */
interface ListeningSocket {
  listen(backlog: number): number;
  close(): void;
}

/** The raw reading end of a pipe. */
export interface OutputPipe {
  readStart(): number;
  close(): void;
}

/** What came with a message. */
export interface Brought {
  readonly socket: ListeningSocket | null;
  readonly pipe: OutputPipe | null;
}

const NOTHING: Brought = { socket: null, pipe: null };
const BRINGS: ReadonlyMap<unknown, keyof Brought> = new Map([
  ['challenge', 'pipe'],
  ['keep', 'socket'],
  ['keep-output', 'pipe'],
]);

const ABOUT_HANDLES: ReadonlySet<string> = new Set<HandleMessage['type']>(['keep', 'drop', 'bind', 'keep-output', 'drop-output']);

export const isAboutHandle = (message: FromPrimary): message is HandleMessage => ABOUT_HANDLES.has(message.type);

/** @returns whether a handle comes with this message, be it malformed otherwise */
export const bringsHandle = (message: unknown): boolean => isObject(message) && BRINGS.has(message['type']);

/** @throws Malformed when the message should have come with a handle of another kind. */
export function brought({ type }: { readonly type: string }, handle: unknown): Brought {
  const kind = BRINGS.get(type);
  if (kind === undefined) return NOTHING;
  // There is none where nothing can be shown.
  if (type === 'challenge' && handle === null) return NOTHING;
  if (kind === 'socket' && isListening(handle)) return { socket: handle, pipe: null };
  if (kind === 'pipe' && isPipe(handle)) return { socket: null, pipe: handle };
  throw new Malformed(kind === 'socket' ? 'a listening socket' : 'a pipe', handle).within('handle');
}

const isListening = (handle: unknown): handle is ListeningSocket => hasMethods(handle, 'listen', 'close');

const isPipe = (handle: unknown): handle is OutputPipe => hasMethods(handle, 'readStart', 'close');

const hasMethods = (handle: unknown, ...names: readonly string[]): boolean =>
  typeof handle === 'object' && handle !== null && names.every((name) => typeof Reflect.get(handle, name) === 'function');
