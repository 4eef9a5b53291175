import { LbError, type ErrorDetails, type ErrorRecord } from '../errors/lb-error.ts';
import { isErrorCode } from '../errors/registry.ts';
import type { HistorySeries } from '../protocol/history.ts';
import type { ListedApp } from '../protocol/listed-app.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { Hello, LogLine, LogMessage, Stats, StreamRecord } from '../protocol/control.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What the daemon sent, as JSON. @throws LbError LB_ERR_MESSAGE */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(what, '(text)', 'JSON', JSON.stringify(text.slice(0, 60)));
  }
}

/** @throws LbError LB_ERR_MESSAGE when it is not a hello of `lb`. */
export function parseHello(value: unknown): Hello {
  const fields = objectOf(value, 'hello');
  if (fields['name'] !== 'lb') throw malformed('hello', 'name', '"lb"', JSON.stringify(fields['name']));
  need(fields, 'protocol', 'number', 'hello');
  need(fields, 'version', 'string', 'hello');
  need(fields, 'pid', 'number', 'hello');
  return fields as unknown as Hello;
}

/** @throws LbError LB_ERR_MESSAGE */
export function parseApp(value: unknown): AppSnapshot {
  const fields = objectOf(value, 'app');
  need(fields, 'name', 'string', 'app');
  need(fields, 'state', 'string', 'app');
  listOf(fields['workers'], 'app', 'workers');
  return fields as unknown as AppSnapshot;
}

/** The body of `GET /v1/apps`. @throws LbError LB_ERR_MESSAGE */
export function parseApps(value: unknown): AppSnapshot[] {
  return listOf(objectOf(value, 'list of apps')['apps'], 'list of apps', 'apps').map(parseApp);
}

/** The body of `GET /v1/list`. @throws LbError LB_ERR_MESSAGE */
export const parseListedApps = (value: unknown): ListedApp[] => parseApps(value);

/** The body of `GET /v1/apps/:name/logs`. @throws LbError LB_ERR_MESSAGE */
export function parseLogLines(value: unknown): LogLine[] {
  return listOf(objectOf(value, 'log lines')['lines'], 'log lines', 'lines').map(parseLogLine);
}

/** One message of the log subscription; null for a kind this version does not know. @throws LbError LB_ERR_MESSAGE */
export function parseLogMessage(value: unknown): LogMessage | null {
  const fields = objectOf(value, 'log message');
  if (fields['type'] === 'line') return { type: 'line', line: parseLogLine(fields['line']) };
  if (fields['type'] !== 'dropped') return null;
  need(fields, 'lines', 'number', 'log message');
  return fields as unknown as LogMessage;
}

/** One message of the stats subscription. @throws LbError LB_ERR_MESSAGE */
export function parseStats(value: unknown): Stats {
  const fields = objectOf(value, 'stats');
  need(fields, 'at', 'number', 'stats');
  return { at: Number(fields['at']), apps: parseApps(fields) };
}

/** The body of `GET /v1/histories`. @throws LbError LB_ERR_MESSAGE */
export function parseHistories(value: unknown): HistorySeries[] {
  return listOf(objectOf(value, 'histories')['series'], 'histories', 'series').map((each) => {
    const fields = objectOf(each, 'history');
    need(fields, 'app', 'string', 'history');
    need(fields, 'metric', 'string', 'history');
    need(fields, 'from', 'number', 'history');
    need(fields, 'stepMs', 'number', 'history');
    listOf(fields['values'], 'history', 'values');
    return fields as unknown as HistorySeries;
  });
}

/** One record of an operation's stream; null for a kind this version does not know. @throws LbError LB_ERR_MESSAGE */
export function parseStreamRecord(value: unknown): StreamRecord | null {
  const fields = objectOf(value, 'record');
  if (fields['type'] === 'progress') {
    need(fields, 'message', 'string', 'progress record');
    return fields as unknown as StreamRecord;
  }
  if (fields['type'] !== 'result') return null;
  if (fields['ok'] === true) {
    need(fields, 'message', 'string', 'result record');
    return fields as unknown as StreamRecord;
  }
  return { type: 'result', ok: false, error: parseErrorRecord(fields['error']) };
}

/** A failure as the daemon worded it; a code this version does not know keeps its message. */
export function parseErrorRecord(value: unknown): ErrorRecord {
  const fields = objectOf(value, 'error');
  const message = typeof fields['message'] === 'string' ? fields['message'] : 'the daemon gave no reason';
  const output = Array.isArray(fields['output']) ? fields['output'].map(String) : [];
  return {
    code: typeof fields['code'] === 'string' && isErrorCode(fields['code']) ? fields['code'] : 'LB_ERR_INTERNAL',
    message,
    ...(typeof fields['hint'] === 'string' ? { hint: fields['hint'] } : {}),
    ...(output.length === 0 ? {} : { output }),
    details: parseDetails(fields['details']),
  };
}

/** The error of a record, with the daemon's own words. */
export function errorOf(record: ErrorRecord): LbError {
  const error = new LbError(record.code, record.details ?? {}, record.output ?? []);
  error.message = record.message;
  return error;
}

function parseDetails(value: unknown): ErrorDetails {
  if (typeof value !== 'object' || value === null) return {};
  const details: Record<string, string | number> = {};
  for (const [key, detail] of Object.entries(value)) {
    if (typeof detail === 'string' || typeof detail === 'number') details[key] = detail;
  }
  return details;
}

function parseLogLine(value: unknown): LogLine {
  const fields = objectOf(value, 'log line');
  need(fields, 'app', 'string', 'log line');
  need(fields, 'slot', 'number', 'log line');
  need(fields, 'text', 'string', 'log line');
  return fields as unknown as LogLine;
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw malformed(what, '(root)', 'an object', typeof value);
}

function listOf(value: unknown, what: string, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(what, path, 'an array', typeof value);
}

function need(fields: Fields, key: string, type: 'string' | 'number', what: string): void {
  if (typeof fields[key] !== type) throw malformed(what, key, `a ${type}`, typeof fields[key]);
}

function malformed(what: string, path: string, expected: string, got: string): LbError {
  return new LbError('LB_ERR_MESSAGE', { what: `${what} from the daemon`, path, expected, got });
}
