import type { PrimarySettings, SpawnChannelMessage } from './attach.ts';
import { absolutePath, appName } from './parse-app-spec.ts';
import { socketName } from './parse-to-worker.ts';
import { boolean, integer, Malformed, nullable, object, string, variants } from './parser.ts';

const spawnChannelMessage = variants<SpawnChannelMessage, 'lb', 'app' | 'key'>(
  'lb',
  { keep: { name: nullable(socketName) }, drop: {}, dropped: {}, lend: {} },
  { app: appName, key: string },
);

/** A message between a daemon and the primary that it spawned, with the handle that came along. @throws Malformed */
export function parseSpawnChannelMessage(value: unknown, handle: unknown): SpawnChannelMessage {
  const message = spawnChannelMessage(value);
  if (message.lb === 'keep' && handle === undefined) throw new Malformed('a listening socket', handle).within('handle');
  return message;
}

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
