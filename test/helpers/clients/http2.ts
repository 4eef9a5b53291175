import http2 from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { countError, countHung, countServed, countWrong, emptyTally, parseIdentity, type Tally } from '../tally.ts';

export interface Http2LoadOptions {
  readonly port: number;
  readonly path?: string;
  readonly sessions?: number;
  /** Streams under way at a time, per session. */
  readonly streams?: number;
  readonly hungMs?: number;
}

/** RFC 9113, 8.7: such a stream was not processed, and the client may send it again. */
const isRefused = (thrown: unknown, stream: http2.ClientHttp2Stream): boolean =>
  (thrown as { code?: unknown }).code === 'ERR_HTTP2_STREAM_ERROR' && stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM;

/** One stream, one count, except for a stream that the server refused unprocessed: its client tries again on the next connection. */
function streamOnce(session: http2.ClientHttp2Session, path: string, hungMs: number, tally: Tally): Promise<void> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    let settled = false;
    const settle = (count: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      count();
      resolve();
    };
    const detail = (): string => `HTTP/2 stream after ${Math.round(performance.now() - startedAt)} ms`;
    const stream = session.request({ ':path': path });
    const timer = setTimeout(() => {
      settle(() => countHung(tally, detail()));
      stream.destroy();
    }, hungMs);
    let status = 0;
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', (headers) => (status = Number(headers[':status'])));
    stream.on('data', (chunk: string) => (text += chunk));
    stream.on('error', (thrown) => settle(() => (isRefused(thrown, stream) ? undefined : countError(tally, thrown, detail()))));
    stream.on('close', () => {
      const identity = parseIdentity(text);
      settle(() => {
        if (status === 200 && identity !== null) countServed(tally, identity, performance.now() - startedAt);
        else countWrong(tally, `stream closed with status ${status}, code ${stream.rstCode}, body ${text.slice(0, 100)}`);
      });
    });
  });
}

/** One connection until the server says GOAWAY or the load ends; resolves when it is closed. */
async function sessionOnce(options: Http2LoadOptions, tally: Tally, isStopping: () => boolean): Promise<void> {
  const session = http2.connect(`http://127.0.0.1:${options.port}`);
  session.on('error', (thrown) => countError(tally, thrown, 'HTTP/2 session'));
  let leaving = false;
  session.on('goaway', () => (leaving = true));
  const usable = (): boolean => !leaving && !session.closed && !session.destroyed && !isStopping();
  async function streams(): Promise<void> {
    while (usable()) await streamOnce(session, options.path ?? '/', options.hungMs ?? 10_000, tally);
  }
  await Promise.all(Array.from({ length: options.streams ?? 4 }, streams));
  if (!session.destroyed) session.close();
  if (session.destroyed) await delay(20);
}

/** HTTP/2 clients that open stream after stream and follow a GOAWAY to a new connection, as the protocol asks. */
export function startHttp2Load(options: Http2LoadOptions): { stop(): Promise<Tally>; tally(): Tally } {
  const tally = emptyTally();
  let stopping = false;
  const endsAt = performance.now() + 60_000;
  async function client(): Promise<void> {
    while (!stopping && performance.now() < endsAt) await sessionOnce(options, tally, () => stopping);
  }
  const running = Promise.all(Array.from({ length: options.sessions ?? 3 }, client));
  const stop = async (): Promise<Tally> => {
    stopping = true;
    await running;
    return tally;
  };
  onTestFinished(async () => void (await stop()));
  return { stop, tally: () => tally };
}

/** One request over HTTP/2 with TLS. */
export function http2Get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    session.on('error', reject);
    let text = '';
    const stream = session.request({ ':path': '/' });
    stream.setEncoding('utf8');
    stream.on('error', reject);
    stream.on('data', (chunk: string) => (text += chunk));
    stream.on('end', () => {
      session.close();
      resolve(text);
    });
  });
}
