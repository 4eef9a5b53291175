import type { Malformed } from '../protocol/parser.ts';
import type { FoundDoor } from '../system/door.ts';
import { createToken, HandleChannel, listenForChannels } from '../system/handle-channel.ts';
import { Attachment, senderOf, type PrimaryHello } from './attachment.ts';
import type { StopListening } from './control-server.ts';
import { unproven, type Asked } from './primary-proof.ts';
import { PrimaryWatch } from './primary-watch.ts';

interface AttachServerOptions {
  readonly home: string;
  /** @param isOfUser it is the primary of another user */
  readonly attached: (attachment: Attachment, hello: PrimaryHello, isOfUser: boolean) => void;
  /** Something malformed came before a connection was accepted as that of a primary. */
  readonly malformed: (problem: Malformed, from: string) => void;
}

/** Where primaries attach: a socket of its own, because a connection that something has been read from carries no handles. */
export class AttachServer {
  readonly #options: AttachServerOptions;
  readonly #watch = new PrimaryWatch();
  readonly #attachments = new Set<Attachment>();
  #isClosed = false;

  constructor(options: AttachServerOptions) {
    this.#options = options;
  }

  /** Connections live longer than the socket. */
  async listen(path: string): Promise<StopListening> {
    const server = await listenForChannels(path, (channel) => this.#accept(channel));
    return () => void server.close();
  }

  /** Connects to the primary of another user, which cannot dial. @param closed called when the connection has ended, or none came about */
  dial(name: string, door: FoundDoor, closed: () => void): void {
    const channel = HandleChannel.connect(door.path);
    channel.onClose(closed);
    this.#accept(channel, { name, ...door });
  }

  /** The socket is still open: a primary that dials again must not attach to a daemon that leaves, but to the next one. */
  close(): void {
    this.#isClosed = true;
    this.#watch.close();
    for (const attachment of this.#attachments) attachment.close();
  }

  #accept(channel: HandleChannel, dialled: Asked['dialled'] = null): void {
    if (this.#isClosed) return channel.destroy();
    // Whoever shows it in answer is at the other end of this connection.
    const token = dialled === null ? createToken() : null;
    const attachment = new Attachment(channel, {
      hello: (_, hello) => this.#hello(attachment, hello, { dialled, home: this.#options.home, inode: token?.inode ?? null }),
      received: () => {},
      handles: () => {},
      malformed: this.#options.malformed,
      hung: () => channel.destroy(),
      closed: () => {},
    });
    this.#watch.add(attachment);
    this.#attachments.add(attachment);
    channel.onClose(() => {
      token?.handle.close();
      this.#watch.remove(attachment);
      this.#attachments.delete(attachment);
    });
    attachment.challenge(token?.handle);
  }

  #hello(attachment: Attachment, hello: PrimaryHello, asked: Asked): void {
    const problem = unproven(hello, asked);
    if (problem !== null) {
      this.#options.malformed(problem, senderOf(hello));
      return attachment.close();
    }
    attachment.welcome();
    this.#options.attached(attachment, hello, asked.dialled !== null);
  }
}
