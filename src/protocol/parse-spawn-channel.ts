import type { PrimarySettings, SpawnChannelMessage } from './attach.ts';
import { absolutePath, appName } from './parse-app-spec.ts';
import { socketName } from './parse-to-worker.ts';
import { boolean, integer, Malformed, nullable, object, string, variants } from './parser.ts';

const spawnChannelMessage = variants<SpawnChannelMessage, 'lb', 'app' | 'key'>(
  'lb',
  { keep: { name: nullable(socketName) }, drop: {}, dropped: {}, lend: {} },
  { app: appName, key: string },
);

/** A raw listening socket. */
export interface ListeningSocket {
  listen(backlog: number): number;
  close(): void;
}

/** A message between a daemon and the primary that it spawned. `keep` comes with its socket, every other without one. @throws Malformed */
export function parseSpawnChannelMessage(value: unknown, handle: unknown): readonly [SpawnChannelMessage, ListeningSocket | null] {
  const message = spawnChannelMessage(value);
  const socket = isListening(handle) ? handle : null;
  if (message.lb === 'keep' && socket === null) throw new Malformed('a listening socket', handle).within('handle');
  return [message, socket];
}

const isListening = (handle: unknown): handle is ListeningSocket =>
  typeof handle === 'object' && handle !== null && 'listen' in handle && typeof handle.listen === 'function' && 'close' in handle;

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
