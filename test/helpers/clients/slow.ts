import http from 'node:http';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { AppIdentity } from '../tally.ts';

/** POSTs `chunks` chunks of 1 KB, one every `everyMs`; resolves with the app's answer. */
export async function slowUpload(port: number, chunks: number, everyMs: number): Promise<AppIdentity> {
  const req = http.request({ host: '127.0.0.1', port, method: 'POST', agent: false });
  const answer = new Promise<AppIdentity>((resolve, reject) => {
    req.on('error', reject);
    req.on('response', (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      res.on('error', reject);
      res.on('end', () => resolve(JSON.parse(text) as AppIdentity));
    });
  });
  // Marked as handled: an error in the middle of the upload is thrown by the last line.
  answer.catch(() => {});
  for (let sent = 0; sent < chunks && !req.destroyed; sent++) {
    req.write(Buffer.alloc(1024, 'x'));
    await delay(everyMs);
  }
  req.end();
  return answer;
}

/** A client that never finishes the head of its request: one more header line every `everyMs`. */
export function slowloris(port: number, everyMs = 100): { readonly closed: Promise<void>; readonly isOpen: () => boolean } {
  const socket = net.connect(port, '127.0.0.1');
  let open = true;
  const timer = setInterval(() => socket.write(`x-drip-${Math.round(performance.now())}: 1\r\n`), everyMs);
  const closed = new Promise<void>((resolve) => {
    socket.on('error', () => {});
    socket.on('close', () => {
      open = false;
      clearInterval(timer);
      resolve();
    });
  });
  // Readable events flow, so that the end is seen.
  socket.resume();
  socket.write('GET / HTTP/1.1\r\nhost: app\r\n');
  onTestFinished(() => void socket.destroy());
  return { closed, isOpen: () => open };
}

export interface EventStream {
  /** Events so far. */
  readonly count: () => number;
  readonly pid: () => number;
  /** When it ended, in milliseconds after its start, and how. */
  readonly ended: Promise<{ readonly afterMs: number; readonly error: string | null }>;
}

/** Server-sent events from `/events` of the sse fixture; resolves with the first event. */
export function openEventStream(port: number): Promise<EventStream> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const req = http.get({ host: '127.0.0.1', port, path: '/events', agent: false }, (res) => {
      let count = 0;
      let pid = 0;
      const ended = new Promise<{ afterMs: number; error: string | null }>((end) => {
        let error: string | null = null;
        res.on('error', (thrown) => (error = thrown.message));
        res.on('close', () => end({ afterMs: performance.now() - startedAt, error }));
      });
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => {
        pid = Number(/data: (\d+)/.exec(chunk)?.[1] ?? pid);
        if (++count === 1) resolve({ count: () => count, pid: () => pid, ended });
      });
    });
    req.on('error', reject);
    onTestFinished(() => void req.destroy());
  });
}
