import type { Malformed } from '../protocol/parser.ts';
import { createToken, listenForChannels, type HandleChannel } from '../system/handle-channel.ts';
import { Attachment, senderOf, type PrimaryHello } from './attachment.ts';
import type { StopListening } from './control-server.ts';
import { unproven } from './primary-proof.ts';
import { PrimaryWatch } from './primary-watch.ts';

interface AttachServerOptions {
  readonly home: string;
  readonly attached: (attachment: Attachment, hello: PrimaryHello) => void;
  /** Something malformed came before a connection was accepted as that of a primary. */
  readonly malformed: (problem: Malformed, from: string) => void;
}

/** Where primaries attach: a socket of its own, because a connection that something has been read from carries no handles. */
export class AttachServer {
  readonly #options: AttachServerOptions;
  readonly #watch = new PrimaryWatch();
  readonly #attachments = new Set<Attachment>();

  constructor(options: AttachServerOptions) {
    this.#options = options;
  }

  /** Connections live longer than the socket. */
  async listen(path: string): Promise<StopListening> {
    const server = await listenForChannels(path, (channel) => this.#accept(channel));
    return () => void server.close();
  }

  close(): void {
    this.#watch.close();
    for (const attachment of this.#attachments) attachment.close();
  }

  #accept(channel: HandleChannel): void {
    // Whoever shows it in answer is at the other end of this connection.
    const token = createToken();
    const attachment = new Attachment(channel, {
      hello: (_, hello) => this.#hello(attachment, hello, token?.inode ?? null),
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

  #hello(attachment: Attachment, hello: PrimaryHello, inode: string | null): void {
    const problem = unproven(hello, { home: this.#options.home, inode });
    if (problem !== null) {
      this.#options.malformed(problem, senderOf(hello));
      return attachment.close();
    }
    attachment.welcome();
    this.#options.attached(attachment, hello);
  }
}
