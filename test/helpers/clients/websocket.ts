import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { within } from '../wait.ts';

/** A WebSocket to the echo fixture. */
export interface EchoClient {
  /** The worker that greeted. */
  readonly pid: number;
  /** Close code and reason, once it is closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  isOpen(): boolean;
  echo(text: string): Promise<string>;
  close(): void;
}

const nextMessage = (socket: WebSocket): Promise<string> =>
  new Promise((resolve, reject) => {
    socket.once('message', (data: Buffer) => resolve(data.toString()));
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`closed with ${code} before a message`)));
  });

/** Connects and waits for the greeting. */
export async function connectEcho(port: number): Promise<EchoClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  const pid = Number(await within('the greeting of a WebSocket', 10_000, nextMessage(socket)));
  return {
    pid,
    closed,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    echo: async (text) => {
      const answer = within(`the echo of ${text}`, 10_000, nextMessage(socket));
      socket.send(text);
      return answer;
    },
    close: () => socket.close(),
  };
}
