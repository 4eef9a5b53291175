import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { InFlight } from './traffic.ts';

/** A gRPC call that has sent headers and is older is taken for a stream. */
const GRPC_STREAM_MS = 5_000;
/** How long the peer of a stream may take to read its end. */
export const STREAM_GRACE_MS = 2_000;

/** How an answer goes on: `ordinary` ones end by themselves, the others when somebody ends them. */
export type AnswerKind = 'ordinary' | 'event-stream' | 'endless';

export function answerKind(item: InFlight, ageMs: number): AnswerKind {
  const type = contentType(item);
  if (type.startsWith('text/event-stream')) return 'event-stream';
  const isStream = type.startsWith('multipart/x-mixed-replace') || (type.startsWith('application/grpc') && ageMs >= GRPC_STREAM_MS);
  return isStream ? 'endless' : 'ordinary';
}

/** Of the headers that have been sent; empty before. */
function contentType(item: InFlight): string {
  if ('sentHeaders' in item) return String(item.headersSent ? (item.sentHeaders['content-type'] ?? '') : '').toLowerCase();
  return (item.headersSent ? (/^content-type:[ \t]*([^\r\n]*)/im.exec(sentText(item))?.[1] ?? '') : '').toLowerCase();
}

/** Headers that were passed to `writeHead` are in this text alone. */
function sentText({ _header }: ServerResponse & { readonly _header?: string | null }): string {
  return _header ?? '';
}

/**
 * Ends an event stream: its client reconnects, as after a lost connection, and reaches another worker. What the app still writes is
 * dropped, as if the client had gone.
 */
export function endEventStream(item: InFlight): void {
  if ('session' in item) endStream(item);
  else endResponse(item);
}

function endStream(stream: ServerHttp2Stream): void {
  const end = stream.end.bind(stream);
  silence(stream);
  end();
  setTimeout(() => stream.destroy(), STREAM_GRACE_MS).unref();
}

function endResponse(response: ServerResponse): void {
  const { socket } = response.req;
  const end = response.end.bind(response);
  silence(response);
  response.once('finish', () => socket.destroySoon());
  end();
  setTimeout(() => socket.destroy(), STREAM_GRACE_MS).unref();
}

/** Writing after the end would emit an error. */
function silence(writable: { write: unknown; end: unknown }): void {
  writable.write = () => true;
  writable.end = () => writable;
}
