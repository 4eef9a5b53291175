import type { HandleMessage } from '../protocol/attach.ts';
import type { Brought } from '../protocol/parse-handles.ts';
import { discardHandle } from '../system/discard-handle.ts';
import type { Attachment, PrimaryHello } from './attachment.ts';
import { KeptOutputs, type KeptOutput } from './kept-outputs.ts';
import { idOf, KeptSockets } from './kept-sockets.ts';

/** What the daemon holds for one primary and its successors: duplicates of listening sockets, and of the pipes to which workers print. */
export class KeptHandles {
  readonly #sockets: KeptSockets;
  readonly #outputs = new KeptOutputs();
  /** Whether something of this app may be kept. */
  readonly #hosts: (app: string) => boolean;

  constructor(hosts: (app: string) => boolean, sockets = new KeptSockets()) {
    this.#hosts = hosts;
    this.#sockets = sockets;
  }

  /** For a primary that starts beside this one: the sockets are the same, the workers others. */
  beside(): KeptHandles {
    return new KeptHandles(this.#hosts, this.#sockets);
  }

  /** Gives all sockets to a primary that starts beside the one that has them. */
  lend(attachment: Attachment): void {
    for (const socket of this.#sockets.all) attachment.keep(socket);
  }

  /** How many sockets are kept. */
  get sockets(): number {
    return this.#sockets.all.length;
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
    if (message.type === 'drop-output') return this.#outputs.drop(message);
    if (message.type === 'keep-output') {
      if (pipe !== null && this.#hosts(message.app)) this.#outputs.keep({ ...message, pipe });
      else discardHandle(pipe);
      return;
    }
    if (message.type === 'keep' && socket !== null && this.#hosts(message.app)) return this.#sockets.keep({ ...message, handle: socket });
    discardHandle(socket);
    this.#sockets.drop(message);
    attachment.dropped(message);
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
  takeOutputs(): readonly KeptOutput[] {
    return this.#outputs.takeAll();
  }
}
