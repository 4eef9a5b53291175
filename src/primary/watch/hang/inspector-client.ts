import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { RawData } from 'ws';
import { field, integer, list, object, optional, string } from '../../../protocol/parser.ts';

/** Node.js prints the path as soon as it listens; then it is on its way through a pipe. */
const PRINTED_MS = 1_000;
const POLL_MS = 5;

/** One frame of a paused program. */
export interface PausedCall {
  readonly functionName: string;
  readonly url: string;
  /** From 0. */
  readonly lineNumber: number;
  /** From 0. */
  readonly columnNumber: number;
}

/** Scripts are announced with their source maps, which can be megabytes; the part needed is at the beginning. */
const SCRIPT_HEAD_BYTES = 4_096;
const SCRIPT = /^\{"method":"Debugger\.scriptParsed","params":\{"scriptId":"(\d+)","url":("(?:[^"\\]|\\.)*")/;
const PAUSED = '{"method":"Debugger.paused"';

interface Call {
  readonly functionName: string;
  readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number };
}

const pausedCalls = field(
  'params',
  field(
    'callFrames',
    list(
      object<Call>({
        functionName: string,
        location: object<Call['location']>({ scriptId: string, lineNumber: integer(), columnNumber: optional(integer()) }),
      }),
    ),
  ),
);

/**
 * The JavaScript stack of a Node.js program on this machine: pauses it, reads the stack, resumes it. Rejects if the port is no
 * inspector, or its path stays unknown, and with the signal's reason on abort, because code in native calls can't be paused.
 * @param printed the path that the program has printed; an inspector that an app opened itself may serve it instead
 */
export async function interruptedAt(port: number, printed: () => string | null, signal: AbortSignal): Promise<PausedCall[]> {
  const path = printed() ?? (await servedPath(port, signal)) ?? (await whenPrinted(printed, signal));
  // Loaded on demand to save memory in each primary.
  const { WebSocket } = await import('ws');
  signal.throwIfAborted();
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${path}`, { perMessageDeflate: false });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const abort = (): void => socket.terminate();
  signal.addEventListener('abort', abort);
  try {
    return await new Promise<PausedCall[]>((resolve, reject) => {
      const scripts = new Map<string, string>();
      socket.on('open', () => {
        socket.send('{"id":1,"method":"Debugger.enable"}');
        socket.send('{"id":2,"method":"Debugger.pause"}');
      });
      socket.on('message', (data) => {
        const calls = readMessage(data, scripts);
        if (calls !== null) resolve(calls);
      });
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the inspector closed the connection')));
    });
  } finally {
    signal.removeEventListener('abort', abort);
    // Without its debugger, the program resumes.
    socket.terminate();
    await closed;
  }
}

/** Null if the inspector keeps it secret. */
async function servedPath(port: number, signal: AbortSignal): Promise<string | null> {
  const { get } = await import('node:http');
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/json/list', agent: false, signal }, resolve).on('error', reject);
  });
  const body = await text(response);
  return response.statusCode === 404 ? null : targetId(body);
}

async function whenPrinted(printed: () => string | null, signal: AbortSignal): Promise<string> {
  for (const until = performance.now() + PRINTED_MS; performance.now() < until; ) {
    const path = printed();
    if (path !== null) return path;
    await delay(POLL_MS, undefined, { signal });
  }
  throw new Error('the path of the inspector is not known');
}

/** @throws SyntaxError, Malformed when it is not an inspector that answers. */
function targetId(targets: string): string {
  const [id] = list(field('id', string))(JSON.parse(targets));
  return encodeURIComponent(id ?? '');
}

/** The frames if this message has them; also collects the names of scripts. */
function readMessage(data: RawData, scripts: Map<string, string>): PausedCall[] | null {
  if (!Buffer.isBuffer(data)) return null;
  const head = data.toString('utf8', 0, SCRIPT_HEAD_BYTES);
  const [, scriptId, url] = SCRIPT.exec(head) ?? [];
  if (scriptId !== undefined && url !== undefined) scripts.set(scriptId, string(JSON.parse(url)));
  if (!head.startsWith(PAUSED)) return null;
  return pausedCalls(JSON.parse(data.toString())).map(({ functionName, location: { scriptId, lineNumber, columnNumber } }) => ({
    functionName,
    url: scripts.get(scriptId) ?? '',
    lineNumber,
    columnNumber: columnNumber ?? 0,
  }));
}
