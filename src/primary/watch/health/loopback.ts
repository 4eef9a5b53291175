import { connect, createServer, type Socket } from 'node:net';
import { stealHandle, type RawConnection, type RawListener } from '../../handles/raw-handles.ts';

/** Both ends of a connection from this process to itself. */
export interface Loop {
  readonly client: Socket;
  /** Unread and unpolled, so it can be handed to a worker like any other connection. */
  readonly accepted: RawConnection;
}

const HOST = '127.0.0.1';

/**
 * Makes connections for health checks. One private socket, opened with the first check, is enough for all workers and
 * listeners, because a server does not care where its connections were accepted.
 */
export class Loopback {
  #opening: Promise<number> | null = null;
  #listener: RawListener | null = null;
  #dialing = 0;
  /** Waiters for the accepted end of a connection, by the client's port. */
  readonly #expected = new Map<number, (accepted: RawConnection) => void>();
  /** Connections that were accepted before their client knew its port, or that are foreign. */
  readonly #early = new Map<number, RawConnection>();

  /** @throws Error if this process cannot connect to itself, which says nothing about any worker. */
  async connect(signal: AbortSignal): Promise<Loop> {
    const port = await (this.#opening ??= this.#open());
    this.#dialing++;
    const client = connect({ port, host: HOST, signal });
    try {
      return { client, accepted: await this.#acceptedFor(client) };
    } finally {
      this.#dialing--;
      if (this.#dialing === 0) this.#closeEarly();
    }
  }

  close(): void {
    this.#listener?.close();
    this.#listener = null;
    this.#opening = null;
  }

  #acceptedFor(client: Socket): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      let port = 0;
      client.on('error', reject);
      client.once('connect', () => {
        port = client.localPort ?? 0;
        const accepted = this.#early.get(port);
        this.#early.delete(port);
        if (accepted !== undefined) resolve(accepted);
        else this.#expected.set(port, resolve);
      });
      client.once('close', () => {
        this.#expected.delete(port);
        reject(new Error('the connection was closed before it was accepted'));
      });
    });
  }

  #open(): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', (error) => {
        this.#opening = null;
        reject(error);
      });
      server.listen({ port: 0, host: HOST }, () => {
        const address = server.address();
        server.unref();
        this.#listener = stealHandle(server);
        this.#listener.onconnection = (status, connection) => {
          if (status === 0 && connection !== undefined) this.#arrived(connection);
        };
        if (typeof address === 'object' && address !== null) resolve(address.port);
      });
    });
  }

  #arrived(connection: RawConnection): void {
    const peer: { port?: number } = {};
    // Fails if the client has already disconnected.
    if (connection.getpeername?.(peer) !== 0) return connection.close();
    const port = peer.port ?? 0;
    const claim = this.#expected.get(port);
    this.#expected.delete(port);
    if (claim !== undefined) claim(connection);
    else if (this.#dialing > 0) this.#early.set(port, connection);
    else connection.close();
  }

  /** Closes unclaimed connections: no check is connecting now, so they are foreign. */
  #closeEarly(): void {
    for (const connection of this.#early.values()) connection.close();
    this.#early.clear();
  }
}
