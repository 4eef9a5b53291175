import { LbError, messageOf } from '../errors/lb-error.ts';
import { ndjsonReader } from '../protocol/ndjson.ts';
import type { NamedSocket } from '../protocol/attach.ts';
import { bringsHandle, brought, NAMED_SOCKET } from '../protocol/parse-handles.ts';
import { attempt, Malformed, object } from '../protocol/parser.ts';
import { discardHandle } from '../system/discard-handle.ts';
import { HandleChannel } from '../system/handle-channel.ts';
import type { KeptSocket } from './kept-sockets.ts';

/** Whoever brings sockets has them at hand. */
const BROUGHT_WITHIN_MS = 5_000;

/** Listening sockets that apps bring along when they are started: another supervisor opened them, and clients are connecting to them. */
export class BroughtSockets {
  readonly #sockets: KeptSocket[];

  constructor(sockets: readonly KeptSocket[] = []) {
    this.#sockets = [...sockets];
  }

  /** Gives those of an app away. */
  takeFor(app: string): readonly KeptSocket[] {
    const taken = this.#sockets.filter((socket) => socket.app === app);
    for (const socket of taken) this.#sockets.splice(this.#sockets.indexOf(socket), 1);
    return taken;
  }

  /** Closes those that no app took. */
  close(): void {
    for (const { handle } of this.#sockets.splice(0)) handle.close();
  }
}

/**
 * Receives sockets at a Unix socket of the client, because the control socket carries no handles.
 * @throws LbError LB_ERR_SOCKETS_NOT_BROUGHT
 */
export async function receiveSockets(path: string | undefined): Promise<BroughtSockets> {
  if (path === undefined) return new BroughtSockets();
  const channel = HandleChannel.connect(path);
  const received: KeptSocket[] = [];
  try {
    await allOf(channel, (socket) => received.push(socket));
  } catch (error) {
    new BroughtSockets(received).close();
    throw new LbError('LB_ERR_SOCKETS_NOT_BROUGHT', { path, reason: messageOf(error) });
  } finally {
    channel.destroy();
  }
  return new BroughtSockets(received);
}

function allOf(channel: HandleChannel, received: (socket: KeptSocket) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not all of them came within ${BROUGHT_WITHIN_MS / 1000} s`)), BROUGHT_WITHIN_MS);
    const take = (value: unknown): void => {
      if (!bringsHandle(value)) return resolve();
      const handle = channel.takeHandle();
      const socket = attempt(() => socketOf(value, handle));
      if (!(socket instanceof Malformed)) return received(socket);
      discardHandle(handle);
      reject(socket);
    };
    channel.onData(ndjsonReader(take, reject));
    channel.onClose(() => {
      clearTimeout(timer);
      reject(new Error('the connection was closed'));
    });
  });
}

const namedSocket = object<NamedSocket>(NAMED_SOCKET);

/** @throws Malformed */
function socketOf(value: unknown, handle: object | null): KeptSocket {
  const { socket } = brought({ type: 'keep' }, handle);
  if (socket === null) throw new Malformed('a listening socket', handle);
  return { ...namedSocket(value), handle: socket };
}
