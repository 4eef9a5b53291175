import type { AppSpec } from '../lifecycle/app-spec.ts';
import { APP_METRIC_TYPES, type AppFamily, type AppValue, type MergedMetrics } from './app-metrics.ts';
import type { Answer, AppReport, FromPrimary, Running } from './attach.ts';
import { appName, lenientAppSpec } from './parse-app-spec.ts';
import { newEvent } from './parse-event.ts';
import { listedApp } from './parse-listed-app.ts';
import { isAboutHandle, NAMED_SOCKET, OUTPUT, PORT_BINDING, SOCKET_ID, socketId } from './parse-handles.ts';
import { errorRecord, logLine, profileFile, progressRecord } from './parse-records.ts';
import { appStats, snapshotParser } from './parse-snapshot.ts';
import { integer, list, Malformed, nullable, number, object, oneOf, optional, record, string, variants, type Parser } from './parser.ts';
import { ATTACH_PROTOCOL, isNextTo } from './version.ts';

const labelValue: Parser<string | number> = (value) => {
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw new Malformed('a string or a number', value);
};

const protocol: Parser<number> = (value) => {
  const theirs = integer()(value);
  if (isNextTo(ATTACH_PROTOCOL, theirs)) return theirs;
  throw new Malformed(`${ATTACH_PROTOCOL} or one next to it`, value);
};

const mergedMetrics = object<MergedMetrics>({
  families: list(
    object<AppFamily>({
      name: string,
      help: string,
      type: oneOf(APP_METRIC_TYPES),
      samples: list(object<AppValue>({ suffix: string, labels: record(labelValue), value: number() })),
    }),
  ),
  missing: integer(0),
  leftOut: list(string),
});

/**
 * The parser of what a primary sends its daemon.
 * @param complete adds the options that a primary of an older version does not know to its definitions.
 */
export function fromPrimaryParser(complete: (spec: unknown) => unknown): Parser<FromPrimary> {
  const spec: Parser<AppSpec> = (value) => lenientAppSpec(complete(value));
  const snapshot = snapshotParser(complete);
  const id = integer(1);
  const answer = variants<Answer, 'kind'>('kind', {
    snapshot: { snapshot },
    list: { app: listedApp },
    tail: { lines: list(logLine) },
    profile: { file: profileFile },
    'app-metrics': { metrics: mergedMetrics },
    done: { message: string, snapshot, spec },
  });
  const parse = variants<FromPrimary, 'type'>('type', {
    hello: {
      // First: of another version nothing else is known.
      protocol,
      name: appName,
      pid: integer(1),
      startTime: nullable(number()),
      proof: nullable(integer(0)),
      version: string,
      sockets: list(socketId),
      program: optional(string),
      apps: list(object<Running>({ spec, snapshot })),
    },
    progress: { app: appName, id, record: progressRecord },
    answer: { app: appName, id, answer },
    failed: { app: appName, id, error: errorRecord },
    event: { app: appName, event: newEvent },
    redefined: { app: appName, spec, snapshot },
    stats: { app: appName, stats: appStats },
    log: { app: appName, lines: list(logLine), dropped: number(0) },
    ended: { app: appName, state: oneOf(['stopped', 'errored']), error: nullable(string), snapshot },
    keep: NAMED_SOCKET,
    drop: SOCKET_ID,
    bind: PORT_BINDING,
    'keep-output': OUTPUT,
    'drop-output': OUTPUT,
    pong: { seq: integer() },
    ping: {},
  });
  return (value) => {
    const message = parse(value);
    for (const [path, name, expected] of appsIn(message)) {
      if (name !== expected) throw new Malformed(JSON.stringify(expected), name).within(path);
    }
    return message;
  };
}

type NamedApp = readonly [path: string, name: string | null, expected: string];

/** Where else a message names the app that it is about. */
function appsIn(message: FromPrimary): readonly NamedApp[] {
  if (message.type === 'hello') return message.apps.map(({ spec, snapshot }, index) => [`apps[${index}].snapshot.name`, snapshot.name, spec.name]);
  if (message.type === 'pong' || message.type === 'ping' || isAboutHandle(message)) return [];
  return Object.entries(appsInReport(message)).map(([path, name]) => [path, name, message.app]);
}

function appsInReport(report: AppReport): Readonly<Record<string, string | null>> {
  switch (report.type) {
    case 'answer':
      return appsInAnswer(report.answer);
    case 'event':
      return { 'event.app': report.event.app };
    case 'redefined':
      return { 'spec.name': report.spec.name, 'snapshot.name': report.snapshot.name };
    case 'stats':
      return { 'stats.name': report.stats.name };
    case 'ended':
      return { 'snapshot.name': report.snapshot.name };
    case 'progress':
      return { 'record.app': report.record.app };
    case 'failed':
    case 'log':
      return {};
  }
}

function appsInAnswer(answer: Answer): Readonly<Record<string, string>> {
  switch (answer.kind) {
    case 'snapshot':
      return { 'answer.snapshot.name': answer.snapshot.name };
    case 'list':
      return { 'answer.app.name': answer.app.name };
    case 'done':
      return { 'answer.spec.name': answer.spec.name, 'answer.snapshot.name': answer.snapshot.name };
    case 'tail':
    case 'profile':
    case 'app-metrics':
      return {};
  }
}
