import { chmodSync } from 'node:fs';
import type { Server } from 'node:net';
import type { Malformed } from '../protocol/parser.ts';
import { createToken, listenForChannels, type HandleChannel } from '../system/handle-channel.ts';
import { Attachment, CHECK_ALIVE_MS, senderOf, type PrimaryHello } from './attachment.ts';
import { unproven } from './primary-proof.ts';

interface AttachServerOptions {
  readonly home: string;
  readonly attached: (attachment: Attachment, hello: PrimaryHello) => void;
  /** Something malformed came before a connection was accepted as that of a primary. */
  readonly malformed: (problem: Malformed, from: string) => void;
}

/** Where primaries attach: a socket of its own, because a connection that something has been read from carries no handles. */
export class AttachServer {
  readonly #options: AttachServerOptions;
  readonly #attachments = new Set<Attachment>();
  #server: Server | null = null;
  /** One for all primaries: each timer would wake this process. */
  #checks: NodeJS.Timeout | null = null;

  constructor(options: AttachServerOptions) {
    this.#options = options;
  }

  async listen(path: string): Promise<void> {
    this.#server = await listenForChannels(path, (channel) => this.#accept(channel));
    if (process.platform !== 'win32') chmodSync(path, 0o600);
    this.#checks = setInterval(() => {
      for (const attachment of this.#attachments) attachment.checkAlive();
    }, CHECK_ALIVE_MS);
  }

  close(): void {
    if (this.#checks !== null) clearInterval(this.#checks);
    this.#server?.close();
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
    this.#attachments.add(attachment);
    channel.onClose(() => {
      token?.handle.close();
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
