import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PRIMARY_SETTINGS_VAR, type PrimarySettings, type SpawnChannelMessage } from '../protocol/attach.ts';
import { parseSpawnChannelMessage } from '../protocol/parse-spawn-channel.ts';
import { attempt, Malformed } from '../protocol/parser.ts';
import type { SocketName } from '../protocol/worker.ts';
import { discardHandle } from '../system/discard-handle.ts';
import { ownNode } from '../system/own-node.ts';
import { nodeProblem } from '../system/start-problem.ts';
import type { KeptOutputs } from './kept-outputs.ts';

const PROGRAM = fileURLToPath(new URL('../primary/main.cjs', import.meta.url));
export const PRELOAD = fileURLToPath(new URL('../worker/preload.cjs', import.meta.url));

/** A duplicate of a listening socket: held, never polled, so the daemon accepts nothing. */
interface KeptSocket {
  readonly app: string;
  readonly key: string;
  readonly handle: { close(): void };
  readonly name: SocketName | null;
}

/** The listening sockets that the daemon holds for one primary, so that they outlive it. */
export class KeptSockets {
  readonly #sockets = new Map<string, KeptSocket>();

  get all(): readonly KeptSocket[] {
    return [...this.#sockets.values()];
  }

  find(app: string, key: string): KeptSocket | undefined {
    return this.#sockets.get(idOf(app, key));
  }

  /** Takes the place of an older duplicate. */
  keep(socket: KeptSocket): void {
    this.drop(socket.app, socket.key);
    this.#sockets.set(idOf(socket.app, socket.key), socket);
  }

  drop(app: string, key: string): void {
    this.find(app, key)?.handle.close();
    this.#sockets.delete(idOf(app, key));
  }

  /** Frees the ports of an app. */
  dropAll(app: string): void {
    for (const socket of this.all) if (socket.app === app) this.drop(app, socket.key);
  }
}

const idOf = (app: string, key: string): string => `${app}\n${key}`;

/** Node's types do not allow raw handles. */
interface HandleChannel {
  send(message: object, handle: unknown, options: object, done: () => void): boolean;
}

/** What the daemon keeps for a primary. */
interface Kept {
  readonly sockets: KeptSockets;
  readonly outputs: KeptOutputs;
}

interface SpawnOptions extends Kept {
  /** Null for the Node.js of this daemon. */
  readonly interpreter: string | null;
  readonly settings: PrimarySettings;
  /** The daemon's log. */
  readonly logFile: string;
  readonly malformed: (problem: Malformed) => void;
  readonly onExit: (how: string) => void;
}

/** Starts a primary in a session of its own and hands it the sockets that were kept from the one before. */
export function spawnPrimary({ interpreter, settings, logFile, sockets, outputs, malformed, onExit }: SpawnOptions): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  const { PATH, HOME, TZ, LANG } = process.env;
  const node = interpreter ?? ownNode();
  const child = spawn(node, [PROGRAM], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log, 'ipc'],
    env: { PATH, HOME, TZ, LANG, [PRIMARY_SETTINGS_VAR]: JSON.stringify(settings) },
  });
  closeSync(log);
  child.on('message', (raw, handle) => {
    const parsed = attempt(() => parseSpawnChannelMessage(raw, handle));
    if (!(parsed instanceof Malformed)) return serve(...parsed, { sockets, outputs }, child);
    discardHandle(handle);
    malformed(parsed);
  });
  child.once('error', (error) => onExit(`could not be started: ${nodeProblem(node) ?? error.message}`));
  child.once('exit', (code, signal) => onExit(signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`));
  for (const socket of sockets.all) lend(socket, child);
  return child;
}

/** Sends a duplicate; ours stays open. */
function lend({ app, key, name, handle }: KeptSocket, child: HandleChannel): void {
  const message: SpawnChannelMessage = { lb: 'keep', app, key, name };
  child.send(message, handle, { keepOpen: true }, () => {});
}

type Handles = ReturnType<typeof parseSpawnChannelMessage>[1];

function serve(message: SpawnChannelMessage, { socket: handle, pipe }: Handles, { sockets, outputs }: Kept, child: ChildProcess): void {
  const { lb, app, key } = message;
  if (lb === 'lend') {
    const socket = sockets.find(app, key);
    if (socket !== undefined) lend(socket, child);
  } else if (lb === 'keep' && handle !== null) {
    sockets.keep({ app, key, handle, name: message.name });
  } else if (lb === 'keep-output' && pipe !== null) {
    outputs.keep({ app, key, origin: message.origin, pipe });
  } else if (lb === 'drop-output') {
    outputs.drop({ app, key });
  } else if (lb === 'drop') {
    sockets.drop(app, key);
    child.send({ lb: 'dropped', app, key } satisfies SpawnChannelMessage, () => {});
  }
}
