import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { countError, countHung, countServed, countWrong, describeTally, emptyTally, parseIdentity, type FailureKind, type Tally } from './tally.ts';
import { waitFor } from './wait.ts';

/**
 * - `keep-alive`: the next request goes out as soon as the answer is there, and after a few of them there is a pause.
 * - `think`: keep-alive with a pause of up to `thinkMs` between answer and next request.
 * - `connection-per-request`: every request opens its own connection, with a pause in between.
 *
 * The pauses leave the machine to what is tested: a client sends 50 to 100 requests per second, and several drift apart.
 */
export type LoadMode = 'keep-alive' | 'think' | 'connection-per-request';

export interface LoadOptions {
  readonly port?: number;
  readonly socketPath?: string;
  readonly mode: LoadMode;
  readonly path?: string;
  /** Default 4; each has one request under way at a time. */
  readonly clients?: number;
  /** POST a body of this size; without it GET. */
  readonly bodyBytes?: number;
  /** The pause on average, with `think` the longest one; 0 for as much load as there can be. */
  readonly thinkMs?: number;
  /** Without an answer for so long, a request counts as hung; default 10 s. */
  readonly hungMs?: number;
  readonly maxDurationMs?: number;
  readonly maxRequests?: number;
  /** Of each request that was not served, once it is counted. */
  readonly failed?: (failure: Failure) => void;
}

/** A request that was not served; the times are those of `performance.now`. */
export interface Failure {
  readonly kind: FailureKind;
  /** Who answered the last request on its connection; null if it was the first. */
  readonly pid: number | null;
  readonly startedAt: number;
  readonly failedAt: number;
  readonly detail: string;
}

export interface Load {
  /** Lets every client finish the request it is in, then tells. */
  stop(): Promise<Tally>;
  /** Ends by itself when `maxRequests` or `maxDurationMs` is reached. */
  readonly ended: Promise<Tally>;
  /** The counts so far; changes while the load runs. */
  tally(): Tally;
  /** Until so many more requests have been served. */
  waitForServed(count: number): Promise<void>;
}

const AFTER_FAILURE_MS = 20;
const PAUSE_MS = { 'keep-alive': 40, think: 50, 'connection-per-request': 20 } as const;
/** Requests on a kept connection without a pause between them: some must be on their way in the moment in which a server lets go. */
const BURST = 5;

/** @param requests so many has the client sent */
function pauseOf({ mode, thinkMs }: LoadOptions, requests: number): number {
  if (mode === 'keep-alive' && requests % BURST > 0) return 0;
  const onAverage = thinkMs === undefined ? PAUSE_MS[mode] : mode === 'think' ? thinkMs / 2 : thinkMs;
  return Math.random() * 2 * onAverage;
}

/** One request, one count; resolves with who served it, or null, and never rejects. @param before who answered the last request of this client */
function requestOnce(options: LoadOptions, tally: Tally, agent: http.Agent | false, before: number | null): Promise<number | null> {
  const { port, socketPath, path = '/', bodyBytes, hungMs = 10_000 } = options;
  const body = bodyBytes === undefined ? undefined : Buffer.alloc(bodyBytes, 'x');
  const startedAt = performance.now();
  const target = socketPath === undefined ? { host: '127.0.0.1', port } : { socketPath };
  return new Promise((resolve) => {
    let settled = false;
    const req = http.request({ ...target, path, agent, method: body === undefined ? 'GET' : 'POST' });
    const settle = (pid: number | null, count: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      count();
      resolve(pid);
    };
    const notServed = (count: (detail: string) => FailureKind): void =>
      settle(null, () => {
        const failedAt = performance.now();
        const detail = `${options.mode}, request ${tally.served + 1}, after ${Math.round(failedAt - startedAt)} ms${req.reusedSocket ? ', reused connection' : ''}`;
        const kind = count(detail);
        options.failed?.({ kind, pid: req.reusedSocket ? before : null, startedAt, failedAt, detail });
      });
    const fail = (thrown: unknown): void => notServed((detail) => countError(tally, thrown, detail));
    const timer = setTimeout(() => {
      notServed((detail) => countHung(tally, detail));
      req.destroy();
    }, hungMs);
    req.on('error', fail);
    req.on('response', (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => (text += chunk));
      res.on('error', fail);
      res.on('end', () => {
        const identity = parseIdentity(text);
        if (res.statusCode === 200 && identity?.received === (bodyBytes ?? 0)) {
          settle(identity.pid, () => countServed(tally, identity, performance.now() - startedAt));
        } else {
          notServed(() => countWrong(tally, `${res.statusCode} ${text.slice(0, 200)}`));
        }
      });
    });
    req.end(body);
  });
}

/** Until so many more requests have been served. */
export async function untilServed(tally: () => Tally, count: number): Promise<void> {
  const goal = tally().served + count;
  await waitFor(`${count} more served requests`, () => tally().served >= goal, { context: () => describeTally(tally()) });
}

/** Clients without retries against one server, until stopped; bounded in time and number whatever happens. */
export function generateLoad(options: LoadOptions): Load {
  const { clients = 4, maxDurationMs = 90_000, maxRequests = 400_000 } = options;
  const tally = emptyTally();
  const endsAt = performance.now() + maxDurationMs;
  let stopping = false;
  let requests = 0;

  async function client(): Promise<void> {
    const agent = options.mode === 'connection-per-request' ? false : new http.Agent({ keepAlive: true, maxSockets: 1 });
    let pid: number | null = null;
    for (let sent = 1; !stopping && performance.now() < endsAt && requests++ < maxRequests; sent++) {
      pid = await requestOnce(options, tally, agent, pid);
      const pauseMs = pid === null ? AFTER_FAILURE_MS : pauseOf(options, sent);
      if (pauseMs > 0) await delay(pauseMs);
    }
    if (agent !== false) agent.destroy();
  }

  const ended = Promise.all(Array.from({ length: clients }, client)).then(() => tally);
  const stop = (): Promise<Tally> => {
    stopping = true;
    return ended;
  };
  return {
    stop,
    ended,
    tally: () => tally,
    waitForServed: (count) => untilServed(() => tally, count),
  };
}
