import { EVENT_KIND_NAMES, SEVERITIES, type EventKind } from '../lifecycle/event-kind.ts';
import { STOP_REASONS } from '../lifecycle/exit-report.ts';
import { OPERATION_NAMES } from '../lifecycle/operation-name.ts';
import type { EventDetails, LbEvent, NewEvent } from './event.ts';
import { EXIT } from './parse-snapshot.ts';
import { attempt, boolean, field, integer, Malformed, nullable, number, object, oneOf, optional, string, type Parser } from './parser.ts';

const operation = oneOf(OPERATION_NAMES);

const { code, signal, stopReason, cause, killedAtDeadline, uptimeMs, generation } = EXIT;

const trigger = object<EventDetails['cron']>({ action: oneOf(['start', 'reload', 'skip']) });

const DETAILS: { readonly [Kind in keyof EventDetails]: Parser<EventDetails[Kind]> } = {
  start: object({ generation }),
  ready: object({ tookMs: number(), generation }),
  drain: object({ stopReason, generation }),
  exit: object({ code, signal, stopReason, cause, killedAtDeadline, uptimeMs, generation }),
  cron: trigger,
  watch: trigger,
  recycle: object({ stopReason: oneOf(STOP_REASONS), reason: string }),
  'operation-begin': object({ operation }),
  operation: object({ operation, ok: boolean }),
  ended: object({ state: oneOf(['stopped', 'errored']) }),
  'primary-lost': object({ cause: string }),
  'daemon-start': object({ unclean: boolean }),
  'bad-message': object({ from: string, field: string }),
};

const hasDetails = (kind: EventKind): kind is keyof EventDetails => Object.hasOwn(DETAILS, kind);

const facts = object<Omit<NewEvent, 'details'>>({
  kind: oneOf(EVENT_KIND_NAMES),
  at: number(),
  app: nullable(string),
  severity: oneOf(SEVERITIES),
  message: string,
  slot: optional(integer(0)),
  pid: optional(integer(0)),
});

function check(value: unknown): asserts value is NewEvent {
  const { kind } = facts(value);
  if (hasDetails(kind)) field<unknown>('details', DETAILS[kind])(value);
}

export const newEvent: Parser<NewEvent> = (value) => {
  check(value);
  return value;
};

/** Parses an event; null if it is invalid or of an unknown kind. */
export function parseEvent(value: unknown): LbEvent | null {
  const event = attempt(() => ({ ...newEvent(value), id: field('id', integer())(value) }));
  return event instanceof Malformed ? null : event;
}
