import { LbError } from '../errors/lb-error.ts';
import type { DaemonHello, LogMessage, ResultRecord, Stats, StreamRecord, UpgradeReport } from '../protocol/control.ts';
import type { LbEvent } from '../protocol/event.ts';
import { APP_METRICS, SLOT_METRICS, type HistorySeries } from '../protocol/history.ts';
import { parseEvent } from '../protocol/parse-event.ts';
import { errorRecord, logLine, profileFile, progressRecord } from '../protocol/parse-records.ts';
import { sharedSocketState, upgradeState } from '../protocol/parse-requests.ts';
import { snapshotParser } from '../protocol/parse-snapshot.ts';
import { boolean, field, fieldsOf, integer, list, literal, nullable, number, object, oneOf, optional, string, type Shape } from '../protocol/parser.ts';
import { fromDaemon } from './parse-list.ts';

const VERSION = { name: literal('lb'), version: string, protocol: integer(), pid: integer(0) };
const HELLO: Shape<DaemonHello> = {
  ...VERSION,
  node: string,
  home: string,
  uptimeMs: number(),
  program: optional(string),
  shared: optional(sharedSocketState),
  metrics: optional(nullable(object<NonNullable<DaemonHello['metrics']>>({ url: string, problem: nullable(string) }))),
};

/** The fields that the hello of every version has. @throws LbError LB_ERR_MESSAGE if it is not a hello of `lb` */
export const parseVersion = fromDaemon('hello', object<Pick<DaemonHello, 'name' | 'version' | 'protocol' | 'pid'>>(VERSION));

/** @throws LbError LB_ERR_MESSAGE */
export const parseHello = fromDaemon('hello', object<DaemonHello>(HELLO));

/** The daemon completes what it got from an older primary. */
const appSnapshot = snapshotParser((spec) => spec);

/** @throws LbError LB_ERR_MESSAGE */
export const parseApp = fromDaemon('app', appSnapshot);

/** The body of `GET /v1/apps`. @throws LbError LB_ERR_MESSAGE */
export const parseApps = fromDaemon('list of apps', field('apps', list(appSnapshot)));

/** The body of `GET /v1/apps/:name/logs`. @throws LbError LB_ERR_MESSAGE */
export const parseLogLines = fromDaemon('log lines', field('lines', list(logLine)));

/** The body of `GET /v1/events`; events of unknown kinds are left out. @throws LbError LB_ERR_MESSAGE */
export const parseEvents = (value: unknown): readonly LbEvent[] =>
  fromDaemon('events', field('events', list(fieldsOf)))(value).flatMap((event) => parseEvent(event) ?? []);

/** The body of `GET /v1/histories`. @throws LbError LB_ERR_MESSAGE */
export const parseHistories = fromDaemon(
  'histories',
  field(
    'series',
    list(
      object<HistorySeries>({
        app: string,
        slot: nullable(integer(0)),
        metric: oneOf([...APP_METRICS, ...SLOT_METRICS]),
        from: number(),
        stepMs: number(),
        values: list(nullable(number())),
      }),
    ),
  ),
);

/** The answer to `POST /v1/metrics`. @throws LbError LB_ERR_MESSAGE */
export const parseMetricsUrl = fromDaemon('metrics', field('url', nullable(string)));

/** The answer to `POST /v1/share`. @throws LbError LB_ERR_MESSAGE */
export const parseShared = fromDaemon('shared socket', field('shared', sharedSocketState));

/** The answer to `POST /v1/upgrade`. @throws LbError LB_ERR_MESSAGE */
export const parseUpgradeBegun = fromDaemon('answer to an upgrade', field('begun', boolean));

/** The answer to `GET /v1/upgrade`. @throws LbError LB_ERR_MESSAGE */
export const parseUpgradeReport = fromDaemon('upgrade report', object<UpgradeReport>({ program: nullable(string), upgrade: nullable(upgradeState) }));

/** One message of the stats subscription. @throws LbError LB_ERR_MESSAGE */
export const parseStats = fromDaemon('stats', object<Stats>({ at: number(), apps: list(appSnapshot) }));

/** One message of the log subscription; null for an unknown kind. @throws LbError LB_ERR_MESSAGE */
export const parseLogMessage = fromDaemon<LogMessage | null>('log message', (value) => {
  switch (fieldsOf(value)['type']) {
    case 'line':
      return object<Extract<LogMessage, { type: 'line' }>>({ type: literal('line'), line: logLine })(value);
    case 'dropped':
      return object<Extract<LogMessage, { type: 'dropped' }>>({ type: literal('dropped'), lines: number() })(value);
    default:
      return null;
  }
});

const success = object<Extract<ResultRecord, { ok: true }>>({
  type: literal('result'),
  ok: literal(true),
  apps: list(appSnapshot),
  message: string,
  file: optional(profileFile),
});
const failure = object<Extract<ResultRecord, { ok: false }>>({ type: literal('result'), ok: literal(false), error: errorRecord });

/** One record of an operation's stream; null for an unknown kind. @throws LbError LB_ERR_MESSAGE */
export const parseStreamRecord = fromDaemon<StreamRecord | null>('record', (value) => {
  const { type, ok } = fieldsOf(value);
  if (type === 'progress') return progressRecord(value);
  if (type !== 'result') return null;
  return ok === true ? success(value) : failure(value);
});

/** The error in the body of a 4xx or 5xx answer, with the daemon's message. @throws LbError LB_ERR_MESSAGE */
export const parseFailure = (value: unknown): LbError => LbError.fromRecord(fromDaemon('failure', field('error', errorRecord))(value));
