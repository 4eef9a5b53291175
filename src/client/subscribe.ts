import type { RawData, WebSocket } from 'ws';
import { LbError, errnoOf } from '../errors/lb-error.ts';
import { parseJson } from '../protocol/checked.ts';
import type { LbEvent, LogMessage, Stats } from '../protocol/control.ts';
import { parseEvent } from '../protocol/parse-event.ts';
import { CONTROL_PROTOCOL } from '../protocol/version.ts';
import { parseFailure, parseLogMessage, parseStats } from './parse.ts';
import { PROTOCOL_HEADER, connectionError } from './quick-get.ts';
import type { Channel } from './request.ts';

/** More unread messages pause the connection, so that the daemon notices a slow reader. */
const MAX_UNREAD = 1_000;
/** The stats of a thousand workers are about 1 MB. */
const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;
/** More than the daemon stores. */
const ALL_EVENTS = 1_000_000;
const CLOSED_NORMALLY = new Set([1000, 1001, 1005]);

export interface LogQuery {
  readonly app?: string;
  /** How many recent lines to send first. */
  readonly lines: number;
}

/**
 * Log lines of one app, or of all apps, until the caller leaves the loop.
 * @throws LbError LB_ERR_DAEMON_LOST if the daemon goes away
 */
export function subscribeLogs(channel: Channel, query: LogQuery, signal?: AbortSignal): AsyncGenerator<LogMessage> {
  const search = new URLSearchParams({ ...(query.app === undefined ? {} : { app: query.app }), lines: String(query.lines) });
  return subscribe(channel, `/v1/logs?${search.toString()}`, (value) => parseLogMessage(value), signal);
}

export interface EventQuery {
  readonly app?: string;
  /** Send all events after this id first; default the most recent events. */
  readonly since?: number;
}

/** The stats of all apps, immediately and then every second. @throws LbError LB_ERR_DAEMON_LOST if the daemon goes away */
export function subscribeStats(channel: Channel, signal?: AbortSignal): AsyncGenerator<Stats> {
  return subscribe(channel, '/v1/stats', parseStats, signal);
}

/** Recent events, then new ones. @throws LbError LB_ERR_DAEMON_LOST if the daemon goes away */
export function subscribeEvents(channel: Channel, signal?: AbortSignal, query: EventQuery = {}): AsyncGenerator<LbEvent> {
  const { app, since } = query;
  const search = new URLSearchParams({
    ...(app === undefined ? {} : { app }),
    ...(since === undefined ? {} : { since: String(since), lines: String(ALL_EVENTS) }),
  });
  return subscribe(channel, `/v1/events?${search.toString()}`, parseEvent, signal);
}

/** The messages of a WebSocket of the control API until the signal aborts; skips those that `parse` returns null for. */
async function* subscribe<T>(channel: Channel, path: string, parse: (value: unknown) => T | null, signal?: AbortSignal): AsyncGenerator<T> {
  const isAborted = (): boolean => signal?.aborted === true;
  const { WebSocket } = await import('ws');
  // Listeners do not hear of a signal that was aborted before.
  if (isAborted()) return;
  const socket = new WebSocket(`ws+unix:${channel.address.socket}:${path}`, {
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD_BYTES,
    headers: { host: 'lb', [PROTOCOL_HEADER]: String(CONTROL_PROTOCOL) },
  });
  const abort = (): void => socket.terminate();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    for await (const text of messagesOf(socket, channel)) {
      if (isAborted()) return;
      const message = parse(parseJson('message from the daemon', text));
      if (message !== null) yield message;
    }
  } catch (error) {
    if (!isAborted()) throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    socket.terminate();
  }
}

/** The text messages of a socket, in order, until it closes. */
async function* messagesOf(socket: WebSocket, channel: Channel): AsyncGenerator<string> {
  const unread: string[] = [];
  let ended: { readonly error: LbError | null } | null = null;
  let wake = (): void => {};
  const end = (error: LbError | null): void => {
    ended ??= { error };
    wake();
  };
  socket.on('message', (data: RawData) => {
    // With the default `binaryType`, text arrives as a Buffer.
    if (Buffer.isBuffer(data)) unread.push(data.toString());
    if (unread.length >= MAX_UNREAD) socket.pause();
    wake();
  });
  socket.on('close', (code: number) => end(CLOSED_NORMALLY.has(code) ? null : new LbError('LB_ERR_DAEMON_LOST')));
  socket.on('error', (error: Error) => end(explain(error, channel)));
  rejectRefusal(socket, end);
  for (;;) {
    const next = unread.shift();
    if (next !== undefined) yield next;
    else if (ended !== null) break;
    else {
      if (socket.isPaused) socket.resume();
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const { error } = ended as { readonly error: LbError | null };
  if (error !== null) throw error;
}

/** A response that is not an upgrade carries the daemon's reason. */
function rejectRefusal(socket: WebSocket, end: (error: LbError) => void): void {
  socket.on('unexpected-response', (_request, response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => (text += chunk));
    response.on('error', () => end(new LbError('LB_ERR_DAEMON_LOST')));
    response.on('end', () => {
      try {
        end(parseFailure(parseJson('answer from the daemon', text)));
      } catch (error) {
        end(LbError.from(error));
      }
    });
  });
}

function explain(error: Error, channel: Channel): LbError {
  const errno = errnoOf(error);
  if (errno !== 'ENOENT' && errno !== 'ECONNREFUSED') return new LbError('LB_ERR_DAEMON_LOST');
  return connectionError(error, channel.address);
}
