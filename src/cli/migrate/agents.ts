import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { ndjson, ndjsonReader } from '../../protocol/ndjson.ts';
import { bringsHandle } from '../../protocol/parse-handles.ts';
import { attempt, Malformed } from '../../protocol/parser.ts';
import type { SocketName } from '../../protocol/worker.ts';
import { discardHandle } from '../../system/discard-handle.ts';
import { listenForChannels, type HandleChannel } from '../../system/handle-channel.ts';
import { parseFromAgent, type FromAgent, type ToAgent } from './agent-messages.ts';
import { closeInspectors, listeningNow, loadAgent, type Inspected } from './inspector.ts';

const ANSWER_WITHIN_MS = 5_000;

/** A listening socket of a process of PM2, of which this process holds a duplicate. */
export interface LentSocket {
  readonly index: number;
  readonly name: SocketName;
  readonly handle: object;
}

type Hello = Extract<FromAgent, { type: 'hello' }>;

/** The agent in one process of PM2, as `lb migrate` sees it. */
export class Agent {
  readonly pid: number;
  readonly servers: readonly SocketName[];
  /** Servers of it listen on something else than TCP. */
  readonly hasOthers: boolean;
  readonly sockets: LentSocket[] = [];
  readonly #channel: HandleChannel;
  #answer: ((message: FromAgent) => void) | null = null;
  #lost: (() => void) | null = null;

  constructor({ pid, servers, hasOthers }: Hello, channel: HandleChannel) {
    this.pid = pid;
    this.servers = servers;
    this.hasOthers = hasOthers;
    this.#channel = channel;
    channel.onClose(() => this.#lost?.());
  }

  received(message: FromAgent): void {
    this.#answer?.(message);
  }

  /** The process no longer listens on these sockets, but whoever else has them does. */
  async release(sockets: readonly LentSocket[]): Promise<void> {
    await this.#ask({ type: 'release', indexes: sockets.map(({ index }) => index) });
  }

  /** @returns how many connections its servers have */
  async ask(type: 'drain' | 'close-idle' | 'count'): Promise<number> {
    const answer = await this.#ask({ type });
    return answer.type === 'open' ? answer.connections : 0;
  }

  /** The process serves on as if nothing had been. */
  close(): void {
    this.#channel.destroy();
    for (const { handle } of this.sockets) discardHandle(handle);
  }

  /** @throws Error when the process does not answer */
  #ask(message: ToAgent): Promise<FromAgent> {
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error(`process ${this.pid} does not answer`));
      const timer = setTimeout(fail, ANSWER_WITHIN_MS);
      this.#lost = fail;
      this.#answer = (answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      if (this.#channel.closed) fail();
      this.#channel.write(ndjson(message));
    });
  }
}

interface Expected {
  readonly pid: number;
  readonly ready: (agent: Agent) => void;
  readonly failed: (reason: string) => void;
}

/** Loads agents into processes of PM2, one after another, and takes their connections. */
export class Agents {
  readonly #path: string;
  readonly #file: string;
  readonly #loaded = new Map<number, Agent>();
  /** Whose inspector may have been opened along with another one. */
  readonly #workers = new Map<number, ReadonlyMap<string, number>>();
  #server: Server | null = null;
  #expected: Expected | null = null;

  /** @param home a folder that no other user may enter @param file the bundle of `agent.ts` */
  constructor(home: string, file: string) {
    this.#path = join(home, `m${randomBytes(2).toString('hex')}.sock`);
    this.#file = file;
  }

  /** The agent of a process, which is loaded only once. @param workers of a cluster of which it is the primary @throws Error with the reason; the process goes on as before */
  async in(inspected: Inspected, workers: readonly number[] = []): Promise<Agent> {
    const { pid } = inspected;
    const loaded = this.#loaded.get(pid);
    if (loaded !== undefined) return loaded;
    const before = listeningNow(workers);
    for (const [worker, ports] of before) this.#workers.set(worker, ports);
    this.#server ??= await listenForChannels(this.#path, (channel) => this.#accept(channel));
    const agent = await new Promise<Agent>((resolve, reject) => {
      const failed = (reason: string): void => reject(new Error(reason));
      const timer = setTimeout(failed, 2 * ANSWER_WITHIN_MS, `process ${pid} does not answer`);
      const ready = (its: Agent): void => {
        clearTimeout(timer);
        resolve(its);
      };
      this.#expected = { pid, ready, failed };
      loadAgent(inspected, this.#file, this.#path).catch(reject);
    }).finally(() => (this.#expected = null));
    await closeInspectors(before);
    this.#loaded.set(pid, agent);
    return agent;
  }

  async close(): Promise<void> {
    await closeInspectors(this.#workers);
    this.#server?.close();
    rmSync(this.#path, { force: true });
    for (const agent of this.#loaded.values()) agent.close();
  }

  #accept(channel: HandleChannel): void {
    let agent: Agent | null = null;
    const read = (value: unknown): void => {
      const handle = bringsHandle(value) ? channel.takeHandle() : null;
      const message = attempt(() => parseFromAgent(value));
      if (message instanceof Malformed) {
        discardHandle(handle);
        this.#expected?.failed(message.message);
        return channel.destroy();
      }
      if (message.type === 'failed') return this.#expected?.failed(message.reason);
      if (message.type === 'hello') agent = this.#expected?.pid === message.pid ? new Agent(message, channel) : null;
      if (agent === null) return channel.destroy();
      if (message.type === 'keep' && handle !== null) agent.sockets.push({ index: message.index, name: message.name, handle });
      else if (message.type === 'ready') this.#expected?.ready(agent);
      else agent.received(message);
    };
    channel.onData(ndjsonReader(read, () => channel.destroy()));
  }
}
