import type { Patience } from '../lifecycle/canary.ts';
import { boolean, integer, literal, nullable, number, object, oneOf, optional, string, variants } from './parser.ts';
import { PROFILE_KINDS, type ProfileRequest } from './profile.ts';
import type { Endpoint, Peer } from './proxy-header.ts';
import { WORKER_PROTOCOL } from './version.ts';
import { MARK, WORKER_ROLES, type SocketName, type ToWorker, type WorkerSettings } from './worker.ts';

/** Part of the preload, so it must stay small. */

const endpoint = object<Endpoint>({ address: string, port: integer(0, 65_535), family: oneOf(['IPv4', 'IPv6']) });

export const peer = object<Peer>({ source: endpoint, destination: nullable(endpoint) });

export const socketName = object<SocketName>({ address: string, port: integer(), family: string });

/** Parses a message from the primary. @throws Malformed */
export const parseToWorker = variants<ToWorker, 't', 'cmd'>(
  't',
  {
    listening: { seq: integer(), errno: integer(), name: nullable(socketName) },
    conn: { key: string, peer: optional(peer), probe: optional(literal(true)) },
    socket: { key: string, on: boolean },
    count: { on: boolean },
    drain: {},
    awaited: { on: boolean },
    leave: { exit: boolean },
    'app-metrics': { id: integer() },
    rebalance: { count: number() },
    tally: { id: integer(), patience: object<Patience>({ lateMs: number(0), hungMs: number(0) }) },
    probe: { port: integer(0, 65_535) },
    profile: { request: object<ProfileRequest>({ what: oneOf(PROFILE_KINDS), durationMs: number(), path: string, partial: string }) },
  },
  { cmd: literal(MARK) },
);

/** @throws Malformed */
export const parseWorkerSettings = object<WorkerSettings>({
  protocol: literal(WORKER_PROTOCOL),
  role: oneOf(WORKER_ROLES),
  app: string,
  nodeOptions: nullable(string),
  killTimeoutMs: number(),
  askAfterMs: optional(number(0)),
  drainIdleMs: optional(number(0)),
  umask: optional(integer(0, 0o777)),
  restartDaemon: nullable(object<NonNullable<WorkerSettings['restartDaemon']>>({ socket: string, program: string, home: string, log: string, node: string })),
});
