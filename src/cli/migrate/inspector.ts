import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { RawData, WebSocket } from 'ws';
import { attempt, field, isObject, list, string } from '../../protocol/parser.ts';
import { isAlive } from '../../system/processes.ts';
import type { Holds } from './agent-messages.ts';
import { openInspector } from '../../system/open-inspector.ts';
import { handlesSignal, listeningPorts, ownsSocket } from '../../system/process-state.ts';

/** A busy process reacts late. */
const OPEN_WITHIN_MS = 5_000;
/** While it is open, whoever finds the port could attach. */
const MOST_OPEN_MS = 1_000;
/** A process that was blocked for longer than that closes it as soon as it runs again. */
const CLOSE_WITHIN_MS = 5_000;

/** Closes it when the answer is out. Nothing that is evaluated may throw, because that would end the process. */
const CLOSE = `((inspector) => { setTimeout(() => { try { inspector.close() } catch {} }, 10) })(require('node:inspector'))`;
/** The process closes it by itself, even if this program is killed meanwhile. Only then it calls the agent, which takes longer. */
const LOAD = (file: string, ...given: readonly string[]): string => `((inspector, file, ...given) => {
  const close = () => { try { inspector.close() } catch {} };
  try {
    delete require.cache[file];
    const { serve } = require(file);
    setTimeout(() => { close(); serve(...given) }, 10);
    return '';
  } catch (error) {
    setTimeout(close, 10);
    return String(error);
  }
})(require('node:inspector'), ...${JSON.stringify([file, ...given])})`;

/** A process, and where its sockets are. */
export interface Inspected {
  readonly pid: number;
  readonly holds: Holds;
}

/**
 * Loads the agent into a running Node.js process, over the inspector, which is open for as long as that takes.
 * @param agent file of the bundle of `agent.ts`
 * @param path Unix socket to which the agent connects
 * @throws Error with the reason; the process goes on as before
 */
export async function loadAgent({ pid, holds }: Inspected, agent: string, path: string): Promise<void> {
  if (!isAlive(pid)) throw new Error(`process ${pid} has ended`);
  // Without a handler of Node.js, the signal would end it.
  if (!handlesSignal(pid, 'SIGUSR1')) throw new Error(`process ${pid} opens no inspector`);
  // What this process needs is there before the inspector opens.
  const { WebSocket: Socket } = await import('ws');
  const port = await openInspector(pid, AbortSignal.timeout(OPEN_WITHIN_MS)).catch(() => {
    throw new Error(`process ${pid} opened no inspector within ${OPEN_WITHIN_MS / 1000} s`);
  });
  try {
    await inSession(Socket, port, MOST_OPEN_MS, (session) => session.load(agent, path, holds));
  } catch (error) {
    await inSession(Socket, port, CLOSE_WITHIN_MS, (session) => session.close()).catch(() => {});
    throw error;
  }
}

/** The inspectors of these processes are closed: their sockets before, by pid. */
export type ListeningBefore = ReadonlyMap<number, ReadonlyMap<string, number>>;

export const listeningNow = (pids: readonly number[]): ListeningBefore => new Map(pids.map((pid) => [pid, listeningPorts(pid)]));

/** Node.js passes SIGUSR1 on from the primary of a cluster to its workers. Their inspectors find the port taken, or are closed here. */
export async function closeInspectors(before: ListeningBefore): Promise<void> {
  const { WebSocket: Socket } = await import('ws');
  for (const [pid, known] of before) {
    const [, port] = [...listeningPorts(pid)].find(([inode]) => !known.has(inode) && ownsSocket(pid, inode)) ?? [];
    if (port !== undefined) await inSession(Socket, port, CLOSE_WITHIN_MS, (session) => session.close()).catch(() => {});
  }
}

async function inSession(Socket: typeof WebSocket, port: number, withinMs: number, work: (session: Session) => Promise<void>): Promise<void> {
  const signal = AbortSignal.timeout(withinMs);
  const socket = new Socket(`ws://127.0.0.1:${port}/${await targetOf(port, signal)}`, { perMessageDeflate: false });
  try {
    await once(socket, 'open', { signal });
    await work(new Session(socket, signal));
  } finally {
    socket.terminate();
  }
}

async function targetOf(port: number, signal: AbortSignal): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/json/list', agent: false, signal }, resolve).on('error', reject);
  });
  const [id = ''] = list(field('id', string))(JSON.parse(await text(response)));
  return encodeURIComponent(id);
}

const anything = (value: unknown): unknown => value;

/** Commands of the inspector's protocol. */
class Session {
  readonly #socket: WebSocket;
  readonly #signal: AbortSignal;
  readonly #waiting = new Map<unknown, (message: object) => void>();
  #lastId = 0;

  constructor(socket: WebSocket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    socket.on('message', (data: RawData) => {
      const message: unknown = JSON.parse(Buffer.isBuffer(data) ? data.toString() : '{}');
      if (isObject(message)) this.#waiting.get(message['id'])?.(message);
    });
  }

  /** @throws Error with the reason */
  async load(agent: string, path: string, holds: Holds): Promise<void> {
    const answer = await this.#call('Runtime.evaluate', { expression: LOAD(agent, path, holds), includeCommandLineAPI: true, returnByValue: true });
    const problem = field('result', field('value', string))(answer);
    if (problem !== '') throw new Error(problem);
  }

  /** Closes the inspector. */
  async close(): Promise<void> {
    await this.#call('Runtime.evaluate', { expression: CLOSE, includeCommandLineAPI: true }).catch(() => {});
  }

  #call(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`its inspector did not answer within ${MOST_OPEN_MS / 1000} s`));
      if (this.#signal.aborted || this.#socket.readyState !== this.#socket.OPEN) return late();
      this.#signal.addEventListener('abort', late, { once: true });
      this.#socket.once('close', () => reject(new Error('the inspector closed the connection')));
      this.#waiting.set(id, (message) => resolve(attempt(() => field('result', anything)(message))));
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
