import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { describeUser, USER_VARIABLES } from '../lifecycle/app-user.ts';
import type { Answer, Order } from '../protocol/attach.ts';
import type { DaemonHello, HandOverBody, LogLine, ProgressRecord, ResultRecord } from '../protocol/control.ts';
import {
  parseBalanceBody,
  parseHandOverBody,
  parseProfileBody,
  parseMetricsBody,
  parseReloadBody,
  parseRestartBody,
  parseScaleBody,
  parseShareBody,
  parseSignalBody,
  parseStartAgainBody,
  parseStartBody,
  parseStopBody,
  parseUpgradeBody,
  parseWeightBody,
} from '../protocol/parse-requests.ts';
import { EXPOSITION_TYPE } from '../metrics/exposition.ts';
import { lastLines } from '../logs/last-lines.ts';
import { homePaths } from '../system/paths.ts';
import { pathsOfApp } from '../system/user-folder.ts';
import type { AppHandle } from './app-handle.ts';
import { receiveSockets } from './brought-sockets.ts';
import type { EventLog } from './event-log.ts';
import { eventQuery } from './event-query.ts';
import type { MetricsEndpoint } from './metrics-endpoint.ts';
import type { Metrics } from './metrics.ts';
import { flushLogs } from './flush-logs.ts';
import type { Registry } from './registry.ts';
import { alreadyRunning, runningApp, startAll } from './start-apps.ts';
import type { SharedSocket } from './shared-socket.ts';
import { startedOf } from './start-side-by-side.ts';
import type { Upgrade } from './upgrade/upgrade.ts';

type Progress = (record: ProgressRecord) => void;
type Success = Extract<ResultRecord, { ok: true }>;

/** The answer of a route: JSON, text, or a stream of progress records and a result. */
export type RouteAnswer =
  | { readonly json: unknown }
  | { readonly text: string; readonly type: string }
  | { readonly stream: (progress: Progress) => Promise<Success> };

export interface RouteRequest {
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

type Handler = (request: RouteRequest) => Promise<RouteAnswer> | RouteAnswer;

interface RoutesOptions {
  readonly registry: Registry;
  readonly events: EventLog;
  readonly metrics: Metrics;
  readonly endpoint: MetricsEndpoint;
  readonly shared: () => SharedSocket;
  readonly upgrade: () => Pick<Upgrade, 'report' | 'begin'>;
  readonly hello: () => DaemonHello;
  /** What the daemon cannot write or read, for people. */
  readonly notes: () => readonly string[];
  readonly reopenLogs: (app: AppHandle) => Promise<void>;
  /** @throws LbError LB_ERR_DAEMON_RUNNING */
  readonly handOver: (body: HandOverBody) => void;
  /** Drains everything and, after the answer, ends the daemon. */
  readonly shutdown: (progress: Progress) => Promise<void>;
}

const DEFAULT_LINES = 15;
/** Of a stopped app. "lb logs" reads the files itself. */
const MAX_STORED_LINES = 10_000;
const DEFAULT_EVENTS = 50;

/** Handlers by `METHOD /path`; `:name` stands for an app. */
export function routes(options: RoutesOptions): ReadonlyMap<string, Handler> {
  const { registry, events, metrics, endpoint, shared, upgrade, hello, notes, reopenLogs, handOver, shutdown } = options;
  const order =
    (create: (body: unknown, app: AppHandle) => Order): Handler =>
    ({ name, body }) => {
      const app = registry.get(name);
      const made = create(body ?? {}, app);
      return {
        stream: async (progress) => {
          if ((made.kind === 'reload' || made.kind === 'restart') && made.spec !== undefined) await registry.warnOfSharedLogs(made.spec, made.kind, progress);
          return result(await app.order(made, progress));
        },
      };
    };
  return new Map<string, Handler>([
    ['GET /v1/hello', () => ({ json: hello() })],
    ['GET /v1/list', async () => ({ json: { apps: await registry.list(), notes: notes(), program: hello().program } })],
    ['GET /v1/apps', async () => ({ json: { apps: await registry.snapshots(), notes: notes() } })],
    [
      'GET /v1/apps/:name',
      async ({ name }) => {
        await registry.adopted();
        return { json: await registry.get(name).view.snapshot() };
      },
    ],
    ['GET /v1/apps/:name/env', ({ name }) => ({ json: { env: registry.get(name).spec.env } })],
    ['GET /v1/apps/:name/logs', async ({ name, query }) => ({ json: { lines: await tail(registry.get(name), query, hello().home) } })],
    ['GET /v1/events', async ({ query }) => ({ json: { events: await events.query(eventQuery(query, { name: 'limit', default: DEFAULT_EVENTS })) } })],
    ['GET /v1/history', ({ query }) => ({ json: metrics.history(registry.get(query.get('app') ?? '').name, query) })],
    ['GET /v1/histories', ({ query }) => ({ json: metrics.histories(query) })],
    ['GET /v1/metrics', async () => ({ text: await metrics.exposition(), type: EXPOSITION_TYPE })],
    ['POST /v1/metrics', async ({ body }) => ({ json: { url: await endpoint.move(parseMetricsBody(body ?? {})) } })],
    [
      'POST /v1/apps/:name/reopen',
      async ({ name }) => {
        await reopenLogs(registry.get(name));
        return { json: {} };
      },
    ],
    [
      'POST /v1/apps/:name/flush',
      async ({ name }) => {
        const { spec } = registry.get(name);
        refuseForUser(spec, 'flush', 'empty them as that user');
        return { json: { files: await flushLogs(spec, homePaths(hello().home).lineTimes) } };
      },
    ],
    [
      'POST /v1/apps/:name/reset',
      async ({ name }) => {
        const app = registry.get(name);
        if (app.active) await app.order({ kind: 'reset' });
        app.view.resetCounters();
        return { json: {} };
      },
    ],
    [
      'POST /v1/handover',
      ({ body }) => {
        handOver(parseHandOverBody(body));
        return { json: {} };
      },
    ],
    ['GET /v1/upgrade', () => ({ json: upgrade().report() })],
    ['POST /v1/upgrade', ({ body }) => ({ json: { begun: upgrade().begin(parseUpgradeBody(body ?? {})) } })],
    ['POST /v1/share', async ({ body }) => ({ json: { shared: await shared().move(parseShareBody(body ?? {}).shared) } })],
    [
      'POST /v1/apps',
      async ({ body }) => {
        const { apps, sockets } = parseStartBody(body);
        return { stream: startAll(registry, apps, { notes: notes(), sockets: await receiveSockets(sockets) }) };
      },
    ],
    [
      'POST /v1/apps/:name/start',
      ({ name, body }) => {
        const app = registry.get(name);
        const { spec } = redefined(registry, app, { spec: app.spec, ...parseStartAgainBody(body ?? {}) });
        // A job that waits runs now, although its time has not come.
        if (!app.isWaiting && runningApp(registry, name) !== null) return { stream: () => alreadyRunning([app]) };
        registry.refuseStart(spec);
        return { stream: async (progress) => result(await (await registry.defineAnew(spec, progress)).start(progress)) };
      },
    ],
    ['POST /v1/apps/:name/reload', order((body, app) => ({ kind: 'reload', ...redefined(registry, app, parseReloadBody(body)) }))],
    ['POST /v1/apps/:name/restart', order((body, app) => ({ kind: 'restart', ...redefined(registry, app, parseRestartBody(body)) }))],
    ['POST /v1/apps/:name/scale', order((body) => ({ kind: 'scale', ...parseScaleBody(body) }))],
    ['POST /v1/apps/:name/balance', order((body) => ({ kind: 'balance', ...parseBalanceBody(body) }))],
    ['POST /v1/apps/:name/weight', order((body) => ({ kind: 'weight', ...parseWeightBody(body) }))],
    ['POST /v1/apps/:name/signal', order((body) => ({ kind: 'signal', ...parseSignalBody(body) }))],
    [
      'POST /v1/apps/:name/profile',
      ({ name, body }) => {
        const app = registry.get(name);
        const wanted = parseProfileBody(body ?? {});
        // The command would move a file that this user names.
        if (wanted.output !== undefined) refuseForUser(app.spec, 'profile with --output', 'without it, the file is in a folder of that user');
        return { stream: async (progress) => profiled(app, await app.order({ kind: 'profile', ...wanted }, progress)) };
      },
    ],
    ['POST /v1/apps/:name/abort', order(() => ({ kind: 'abort' }))],
    [
      'POST /v1/apps/:name/stop',
      ({ name, body }) => {
        const app = registry.get(name);
        const options = parseStopBody(body ?? {});
        return { stream: async (progress) => stopped(app, await app.stop(options, progress)) };
      },
    ],
    [
      'DELETE /v1/apps/:name',
      ({ name, body }) => {
        const app = registry.get(name);
        const options = parseStopBody(body ?? {});
        return {
          stream: async (progress) => {
            const isLost = await app.stop(options, progress).then(
              () => false,
              (error: unknown) => {
                if (app.active) throw error;
                return true;
              },
            );
            await registry.forget(name);
            return {
              type: 'result',
              ok: true,
              apps: [],
              message: `${name} was deleted${isLost ? '; its primary ended unexpectedly, and its workers finished on their own' : ''}`,
            };
          },
        };
      },
    ],
    [
      'POST /v1/shutdown',
      () => ({
        stream: async (progress) => {
          await shutdown(progress);
          return { type: 'result', ok: true, apps: [], message: 'all apps are stopped; the daemon shuts down' };
        },
      }),
    ],
  ]);
}

/** @throws LbError LB_ERR_OPERATION_FAILED for an app of another user */
function refuseForUser({ name, user }: AppSpec, operation: string, instead: string): void {
  if (user === null) return;
  throw new LbError('LB_ERR_OPERATION_FAILED', {
    operation,
    app: name,
    reason: `it runs as ${describeUser(user)}, whose files root does not touch; ${instead}`,
  });
}

interface Redefinition {
  readonly slots?: readonly number[];
  readonly spec?: AppSpec;
  readonly updateEnv?: Readonly<Record<string, string>>;
}

/** Turns an update of the environment without a definition into one: the current definition with these variables. @throws LbError if the name of a new definition belongs to another app */
function redefined<B extends Redefinition>(registry: Registry, app: AppHandle, body: B): Omit<B, 'updateEnv'> {
  const { updateEnv, ...rest } = body;
  if (body.slots !== undefined && (body.spec !== undefined || updateEnv !== undefined))
    throw new LbError('LB_ERR_MESSAGE', { what: 'request', path: 'slots', expected: 'no slots together with a new definition or environment', got: 'both' });
  if (body.spec !== undefined) {
    registry.refuseForeign(body.spec);
    registry.refuseOtherUser(body.spec, 'reload');
  }
  if (updateEnv === undefined) return rest;
  const spec = body.spec ?? app.spec;
  const own: readonly string[] = spec.user === null ? [] : USER_VARIABLES;
  const kept = Object.entries(updateEnv).filter(([name]) => !own.includes(name) && !spec.filterEnv.some((word) => name.includes(word)));
  return { ...rest, spec: { ...spec, env: { ...spec.env, ...Object.fromEntries(kept) } } };
}

function result(answer: Answer): Success {
  const { app, message } = startedOf(answer);
  return { type: 'result', ok: true, apps: [app], message };
}

function profiled(app: AppHandle, answer: Answer): Success {
  if (answer.kind !== 'profile') throw new LbError('LB_ERR_INTERNAL', { reason: `unexpected answer ${answer.kind}` });
  const { file } = answer;
  return { type: 'result', ok: true, apps: [], message: `${file.what} of ${app.name}[${file.slot}]: ${file.path}`, file };
}

async function stopped(app: AppHandle, answer: Answer | null): Promise<Success> {
  const message = answer?.kind === 'done' ? answer.message : `${app.name} was not running`;
  return { type: 'result', ok: true, apps: [await app.view.snapshot()], message };
}

/** From the primary's memory; for a stopped app, from its files. */
async function tail(app: AppHandle, query: URLSearchParams, home: string): Promise<readonly LogLine[]> {
  const lines = lineCount(query.get('lines'));
  const remembered = await app.view.tail(lines);
  if (remembered !== null) return remembered;
  const stored = await lastLines(app.spec, pathsOfApp(app.spec, home).lineTimes, Math.min(lines, MAX_STORED_LINES));
  return stored.map(({ slot, pid, stream, at, text }) => ({ app: app.name, slot: slot ?? 0, pid: pid ?? 0, stream: stream ?? 'out', at: at ?? 0, text }));
}

export function lineCount(text: string | null): number {
  if (text === null) return DEFAULT_LINES;
  const n = Number(text);
  if (!Number.isSafeInteger(n) || n < 0) throw new LbError('LB_ERR_MESSAGE', { what: 'query', path: 'lines', expected: 'a whole number', got: text });
  return n;
}
