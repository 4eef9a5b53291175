import { constants } from 'node:os';
import type { HandleMessage, PortBinding } from '../protocol/attach.ts';
import type { Brought } from '../protocol/parse-handles.ts';
import { discardHandle } from '../system/discard-handle.ts';
import type { Attachment, PrimaryHello } from './attachment.ts';
import { openPort } from './declared-port.ts';
import { KeptOutputs, type KeptOutput } from './kept-outputs.ts';
import { idOf, KeptSockets, type KeptSocket } from './kept-sockets.ts';

interface Host {
  /** Whether this port may be opened for it, because it cannot do so itself. */
  mayBind(port: number): boolean;
}

/** What the daemon holds for one primary and its successors: duplicates of listening sockets, and of the pipes to which workers print. */
export class KeptHandles {
  readonly #sockets: KeptSockets;
  readonly #outputs = new KeptOutputs();
  readonly #host: (app: string) => Host | undefined;

  /** @param host of an app of which something may be kept; undefined for another app */
  constructor(host: (app: string) => Host | undefined, sockets = new KeptSockets()) {
    this.#host = host;
    this.#sockets = sockets;
  }

  /** For a primary that starts beside this one: the sockets are the same, the workers others. */
  beside(): KeptHandles {
    return new KeptHandles(this.#host, this.#sockets);
  }

  /** Gives all sockets to a primary that starts beside the one that has them. */
  lend(attachment: Attachment): void {
    for (const socket of this.#sockets.all) attachment.keep(socket);
  }

  /** Sockets from elsewhere, for apps that are about to start. @param attachment of their primary, if it runs */
  bring(sockets: readonly KeptSocket[], attachment: Attachment | null): void {
    for (const socket of sockets) {
      this.#sockets.keep(socket);
      attachment?.keep(socket);
    }
  }

  /** How many sockets of an app are kept. */
  socketsOf(app: string): number {
    return this.#sockets.all.filter((socket) => socket.app === app).length;
  }

  /**
   * A primary has connected. It gets the sockets of the apps that it does not run yet. Of those that it runs it knows best: it sends
   * all that it holds, and what it does not hold was closed.
   */
  attached(attachment: Attachment, hello: Pick<PrimaryHello, 'apps' | 'sockets'>): void {
    const running = new Set(hello.apps.map(({ spec }) => spec.name));
    const held = new Set(hello.sockets.map(idOf));
    for (const socket of this.#sockets.all) {
      if (held.has(idOf(socket))) continue;
      if (running.has(socket.app)) this.#sockets.drop(socket);
      else attachment.keep(socket);
    }
    this.#outputs.dropAll();
  }

  received(message: HandleMessage, { socket, pipe }: Brought, attachment: Attachment): void {
    if (message.type === 'bind') return this.#bind(message, attachment);
    if (message.type === 'drop-output') return this.#outputs.drop(message);
    if (message.type === 'keep-output') {
      if (pipe !== null && this.#host(message.app) !== undefined) this.#outputs.keep({ ...message, pipe });
      else discardHandle(pipe);
      return;
    }
    if (message.type === 'keep' && socket !== null && this.#host(message.app) !== undefined && this.#sockets.hasRoom(message))
      return this.#sockets.keep({ ...message, handle: socket });
    discardHandle(socket);
    this.#sockets.drop(message);
    attachment.dropped(message);
  }

  /** Opens a port for a primary that cannot, and keeps it like one that the primary gave. */
  #bind(binding: PortBinding, attachment: Attachment): void {
    const { app, port } = binding;
    const isAllowed = this.#host(app)?.mayBind(port) === true && this.#sockets.hasRoom(binding);
    const opened = this.#sockets.get(binding) ?? (isAllowed ? openPort(binding) : -constants.errno.EACCES);
    if (typeof opened === 'number') return attachment.unbound(binding, opened);
    if (this.#sockets.get(binding) === undefined) this.#sockets.keep(opened);
    attachment.keep(opened);
  }

  /** Another daemon holds everything from now on. */
  close(): void {
    this.#sockets.close();
    this.#outputs.dropAll();
  }

  /** Frees the ports of an app. */
  dropSockets(app: string): void {
    this.#sockets.dropAll(app);
  }

  /** Gives away what the workers of a dead primary go on printing to. */
  giveOutputs(to: (output: KeptOutput) => void): void {
    for (const output of this.#outputs.takeAll()) to(output);
  }
}
