import type { Tally } from '../lifecycle/canary.ts';
import { byLatency, byStatusClass } from './parse-totals.ts';
import { drainBlockers, loopDelay } from './parse-load.ts';
import { boolean, integer, literal, Malformed, nullable, number, object, oneOf, optional, string, variants } from './parser.ts';
import { peer } from './parse-to-worker.ts';
import { MARK, SERVER_KINDS, type FromWorker, type Heartbeat, type ListenQuery, type OpenCount, type ProcessUse, type Span } from './worker.ts';

const OPEN = { connections: number(), delivered: number(), accepted: number() };

const heartbeat = object<Heartbeat>({
  ...OPEN,
  span: object<Span>({ ms: number(1), cpuMs: number() }),
  requestsInFlight: number(),
  kept: number(),
  requests: number(),
  statusClasses: byStatusClass,
  latency: byLatency,
  latencySumMs: number(),
  bytesReceived: number(),
  bytesSent: number(),
  use: object<ProcessUse>({
    cpuMs: number(),
    rssBytes: number(),
    heapUsedBytes: number(),
    heapLimitBytes: number(),
    gcCount: number(),
    gcMs: number(),
    handles: number(),
  }),
  loopDelay: nullable(loopDelay),
  eventLoopUtilization: number(),
  eventLoopDelayMs: number(),
  inspectorPort: nullable(integer(0, 65_535)),
  ownSigusr1: boolean,
});

const listenQuery = object<ListenQuery>({
  key: string,
  address: nullable(string),
  port: nullable(integer()),
  addressType: oneOf([4, 6, -1]),
  backlog: nullable(integer()),
  flags: integer(),
  readableAll: boolean,
  writableAll: boolean,
  umask: optional(integer(0, 0o777)),
  kind: oneOf(SERVER_KINDS),
});

const fromWorker = variants<FromWorker, 't', 'cmd'>(
  't',
  {
    listen: { seq: integer(), query: listenQuery },
    unlisten: { key: string },
    refused: { key: string, peer: optional(peer), probe: optional(literal(true)) },
    accepting: { key: string, on: boolean },
    heartbeat: { beat: heartbeat },
    open: { count: object<OpenCount>(OPEN) },
    profiled: { path: string, bytes: number(), error: nullable(string) },
    'app-metrics': { id: integer(), text: nullable(string) },
    tally: { id: integer(), tally: object<Tally>({ answers: number(), serverErrors: number(), resets: number(), late: number(), hung: number() }) },
    draining: { quiet: boolean, handler: nullable(oneOf(['SIGTERM', 'SIGINT'])), blockers: drainBlockers },
    malformed: { field: string, problem: string },
  },
  { cmd: literal(MARK) },
);

/** Parses a message from a worker, with its handle. The app can write to this channel too. @throws Malformed */
export function parseFromWorker(value: unknown, handle: unknown): FromWorker {
  const message = fromWorker(value);
  if (message.t === 'refused' && !isConnection(handle)) throw new Malformed('a connection', handle).within('handle');
  return message;
}

/** A raw handle. The sockets and servers that an app sends lack one of these methods. */
export const isConnection = (handle: unknown): handle is { close(): void } =>
  typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function' && 'readStart' in handle;
