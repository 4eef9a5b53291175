import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PRIMARY_SETTINGS_VAR, type PrimarySettings, type SpawnChannelMessage } from '../protocol/attach.ts';
import { parseSpawnChannelMessage } from '../protocol/parse-spawn-channel.ts';
import { attempt, Malformed } from '../protocol/parser.ts';
import type { SocketName } from '../protocol/worker.ts';
import { discardHandle } from '../system/discard-handle.ts';

const PROGRAM = fileURLToPath(new URL('../primary/main.cjs', import.meta.url));
export const PRELOAD = fileURLToPath(new URL('../worker/preload.cjs', import.meta.url));

/** A duplicate of a listening socket: held, never polled, so the daemon accepts nothing. */
interface KeptSocket {
  readonly handle: { close(): void };
  readonly name: SocketName | null;
}

/** The listening sockets of one app that the daemon holds, so that they outlive the app's primary. */
export type KeptSockets = Map<string, KeptSocket>;

interface SpawnOptions {
  readonly interpreter: string;
  readonly settings: PrimarySettings;
  /** The daemon's log. */
  readonly logFile: string;
  readonly sockets: KeptSockets;
  readonly malformed: (problem: Malformed) => void;
  readonly onExit: (how: string) => void;
}

/** Starts a primary in a session of its own and hands it the sockets that were kept from the one before. */
export function spawnPrimary({ interpreter, settings, logFile, sockets, malformed, onExit }: SpawnOptions): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  const { PATH, HOME, TZ, LANG } = process.env;
  const child = spawn(interpreter, [PROGRAM], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log, 'ipc'],
    env: { PATH, HOME, TZ, LANG, [PRIMARY_SETTINGS_VAR]: JSON.stringify(settings) },
  });
  closeSync(log);
  child.on('message', (raw, handle) => {
    const message = attempt(() => parseSpawnChannelMessage(raw, handle));
    if (!(message instanceof Malformed)) return serve(message, handle, sockets, child);
    discardHandle(handle);
    malformed(message);
  });
  child.once('error', (error) => onExit(`could not be started: ${error.message}`));
  child.once('exit', (code, signal) => onExit(signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`));
  for (const key of sockets.keys()) lend(key, sockets, child);
  return child;
}

/** Sends a duplicate; ours stays open. */
function lend(key: string, sockets: KeptSockets, child: ChildProcess): void {
  const socket = sockets.get(key);
  if (socket === undefined) return;
  const message: SpawnChannelMessage = { lb: 'keep', key, name: socket.name };
  child.send(message, socket.handle as never, { keepOpen: true }, () => {});
}

function serve(message: SpawnChannelMessage, handle: unknown, sockets: KeptSockets, child: ChildProcess): void {
  const { lb, key } = message;
  if (lb === 'lend') return lend(key, sockets, child);
  if (lb === 'dropped') return;
  sockets.get(key)?.handle.close();
  sockets.delete(key);
  if (lb === 'keep') sockets.set(key, { handle: handle as KeptSocket['handle'], name: message.name });
  if (lb === 'drop') child.send({ lb: 'dropped', key } satisfies SpawnChannelMessage, () => {});
}
