import type { AppSpec } from '../lifecycle/app-spec.ts';
import { APP_METRIC_TYPES, type AppFamily, type AppValue, type MergedMetrics } from './app-metrics.ts';
import type { Answer, FromPrimary, Running } from './attach.ts';
import { appName, toldAppSpec } from './parse-app-spec.ts';
import { newEvent } from './parse-event.ts';
import { listedApp } from './parse-listed-app.ts';
import { errorRecord, logLine, profileFile, progressRecord } from './parse-records.ts';
import { appSnapshot, appStats } from './parse-snapshot.ts';
import { integer, list, literal, Malformed, nullable, number, object, oneOf, record, string, variants, type Parser } from './parser.ts';
import { ATTACH_PROTOCOL } from './version.ts';

const labelValue: Parser<string | number> = (value) => {
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw new Malformed('a string or a number', value);
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

/** @param app whose primary it is; null before its hello, which comes first. @throws Malformed */
export type FromPrimaryParser = (value: unknown, app: string | null) => FromPrimary;

/**
 * What a primary tells its daemon.
 * @param complete adds the options that a primary of an older version does not know to its definition.
 */
export function fromPrimaryParser(complete: (spec: unknown) => unknown): FromPrimaryParser {
  const spec: Parser<AppSpec> = (value) => toldAppSpec(complete(value));
  const id = integer(1);
  const answer = variants<Answer, 'kind'>('kind', {
    snapshot: { snapshot: appSnapshot },
    list: { app: listedApp },
    tail: { lines: list(logLine) },
    profile: { file: profileFile },
    'app-metrics': { metrics: mergedMetrics },
    done: { message: string, snapshot: appSnapshot, spec },
  });
  const parse = variants<FromPrimary, 'type'>('type', {
    hello: {
      // First: of another version nothing else is known.
      protocol: literal(ATTACH_PROTOCOL),
      app: appName,
      pid: integer(1),
      startTime: nullable(number()),
      version: string,
      running: nullable(object<Running>({ spec, snapshot: appSnapshot })),
    },
    progress: { id, record: progressRecord },
    answer: { id, answer },
    failed: { id, error: errorRecord },
    event: { event: newEvent },
    redefined: { spec, snapshot: appSnapshot },
    stats: { stats: appStats },
    log: { lines: list(logLine), dropped: number(0) },
    ended: { state: oneOf(['stopped', 'errored']), error: nullable(string), snapshot: appSnapshot },
    pong: { seq: integer() },
  });
  return (value, app) => {
    const message = parse(value);
    if (app === null && message.type !== 'hello') throw new Malformed('"hello"', message.type).within('type');
    const expected = app ?? (message.type === 'hello' ? message.app : '');
    for (const [path, name] of Object.entries(appsIn(message))) {
      if (name !== expected) throw new Malformed(JSON.stringify(expected), name).within(path);
    }
    return message;
  };
}

/** The apps that a message names, by where. */
function appsIn(message: FromPrimary): Readonly<Record<string, string | null>> {
  switch (message.type) {
    case 'hello': {
      const { app, running } = message;
      return { app, ...(running === null ? {} : { 'running.spec.name': running.spec.name, 'running.snapshot.name': running.snapshot.name }) };
    }
    case 'answer':
      return appsInAnswer(message.answer);
    case 'event':
      return { 'event.app': message.event.app };
    case 'redefined':
      return { 'spec.name': message.spec.name, 'snapshot.name': message.snapshot.name };
    case 'stats':
      return { 'stats.name': message.stats.name };
    case 'ended':
      return { 'snapshot.name': message.snapshot.name };
    case 'progress':
      return { 'record.app': message.record.app };
    case 'failed':
    case 'log':
    case 'pong':
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
