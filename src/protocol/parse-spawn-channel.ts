import type { OutputOrigin, PrimarySettings, SpawnChannelMessage } from './attach.ts';
import { absolutePath, appName } from './parse-app-spec.ts';
import { socketName } from './parse-to-worker.ts';
import { boolean, integer, Malformed, nullable, object, oneOf, string, variants } from './parser.ts';

const spawnChannelMessage = variants<SpawnChannelMessage, 'lb', 'app' | 'key'>(
  'lb',
  {
    keep: { name: nullable(socketName) },
    drop: {},
    dropped: {},
    lend: {},
    'keep-output': { origin: object<OutputOrigin>({ slot: integer(0), pid: integer(0), stream: oneOf(['out', 'err']) }) },
    'drop-output': {},
  },
  { app: appName, key: string },
);

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
interface Handles {
  readonly socket: ListeningSocket | null;
  readonly pipe: OutputPipe | null;
}

/** A message between a daemon and the primary that it spawned. What keeps something comes with its handle, the rest without one. @throws Malformed */
export function parseSpawnChannelMessage(value: unknown, handle: unknown): readonly [SpawnChannelMessage, Handles] {
  const message = spawnChannelMessage(value);
  const socket = message.lb === 'keep' && isListening(handle) ? handle : null;
  const pipe = message.lb === 'keep-output' && isPipe(handle) ? handle : null;
  if (message.lb === 'keep' && socket === null) throw new Malformed('a listening socket', handle).within('handle');
  if (message.lb === 'keep-output' && pipe === null) throw new Malformed('a pipe', handle).within('handle');
  return [message, { socket, pipe }];
}

const isListening = (handle: unknown): handle is ListeningSocket => hasMethods(handle, 'listen', 'close');

const isPipe = (handle: unknown): handle is OutputPipe => hasMethods(handle, 'readStart', 'close');

const hasMethods = (handle: unknown, ...names: readonly string[]): boolean =>
  typeof handle === 'object' && handle !== null && names.every((name) => typeof Reflect.get(handle, name) === 'function');

/** @throws Malformed */
export const parsePrimarySettings = object<PrimarySettings>({
  name: appName,
  home: absolutePath,
  socket: string,
  daemonLog: absolutePath,
  daemonProgram: absolutePath,
  daemonNode: absolutePath,
  preload: absolutePath,
  version: string,
  foreground: boolean,
  sockets: integer(0),
});
