import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server on the loopback interface, for one test. */
export async function openServer<S extends NetServer>(server: S): Promise<{ readonly server: S; readonly port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    if ('closeAllConnections' in server) (server as unknown as Server).closeAllConnections();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

export const openHttp = (listener: RequestListener): Promise<{ readonly server: Server; readonly port: number }> => openServer(createServer(listener));

/** A raw connection. `text` is everything received; `ended` resolves when the other side ends it. */
export class RawClient {
  readonly socket: Socket;
  readonly ended: Promise<void>;
  text = '';
  #arrived: (() => void) | null = null;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1');
      this.#arrived?.();
    });
    this.ended = new Promise((resolve) => this.socket.once('close', () => resolve()));
    onTestFinished(() => void this.socket.destroy());
  }

  get(path = '/', headers = ''): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
  }

  /** Waits until this text has arrived. */
  async has(part: string): Promise<void> {
    while (!this.text.includes(part))
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
  }
}

/** Waits until a condition in this process is true. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}
