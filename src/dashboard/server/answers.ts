import type { IncomingMessage, ServerResponse } from 'node:http';
import { LbError } from '../../errors/lb-error.ts';

const MAX_BODY_BYTES = 16 * 1024;

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every response. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** What the user can do, without revealing anything. */
const REFUSAL_TEXTS: Readonly<Record<number, string>> = {
  401: 'This page needs the URL that "lb dashboard" printed. Open that URL, or run "lb dashboard" again to get a new one.\n',
  403: 'Refused: open the page with the URL that "lb dashboard" printed.\n',
};

/** Refuses without revealing what exists. */
export function refuse(response: ServerResponse, status: number): void {
  const text = REFUSAL_TEXTS[status] ?? '';
  response.writeHead(status, { ...SAFE_HEADERS, 'content-type': 'text/plain', 'content-length': Buffer.byteLength(text), connection: 'close' });
  response.end(text);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { ...SAFE_HEADERS, 'content-type': 'application/json' });
  response.end(`${JSON.stringify(value)}\n`);
}

export function sendError(response: ServerResponse, thrown: unknown, status?: number): void {
  const error = LbError.from(thrown);
  sendJson(response, status ?? error.httpStatus, { error: error.toRecord() });
}

/** The JSON body of a request, limited in size. @throws LbError LB_ERR_MESSAGE */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) throw malformed(`at most ${MAX_BODY_BYTES} bytes`, 'more');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw malformed('JSON', text.slice(0, 60));
  }
}

function malformed(expected: string, got: string): LbError {
  return new LbError('LB_ERR_MESSAGE', { what: 'request', path: 'body', expected, got });
}
