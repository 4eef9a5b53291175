import { EVENT_KIND_NAMES, SEVERITIES, type EventKind } from '../lifecycle/event-kind.ts';
import { STOP_REASONS } from '../lifecycle/exit-report.ts';
import { OPERATION_NAMES } from '../lifecycle/operation-name.ts';
import type { EventDetails, LbEvent, NewEvent } from './event.ts';
import { EXIT } from './parse-snapshot.ts';
import { attempt, boolean, integer, Malformed, nullable, number, object, oneOf, optional, pick, string, variants, type Shape } from './parser.ts';

const operation = oneOf(OPERATION_NAMES);
const stopReason = nullable(oneOf(STOP_REASONS));

const DETAILS: { readonly [Kind in keyof EventDetails]: Shape<EventDetails[Kind]> } = {
  start: { generation: number() },
  ready: { tookMs: number(), generation: number() },
  drain: { stopReason, generation: number() },
  exit: pick(EXIT, ['code', 'signal', 'stopReason', 'cause', 'killedAtDeadline', 'uptimeMs', 'generation']),
  recycle: { stopReason: oneOf(STOP_REASONS), reason: string },
  'operation-begin': { operation },
  operation: { operation, ok: boolean },
  ended: { state: oneOf(['stopped', 'errored']) },
  'primary-lost': { cause: string },
  'daemon-start': { unclean: boolean },
  'bad-message': { from: string, field: string },
};

const hasDetails = (kind: EventKind): kind is keyof EventDetails => Object.hasOwn(DETAILS, kind);
const TABLE = Object.fromEntries(EVENT_KIND_NAMES.map((kind) => [kind, hasDetails(kind) ? { details: object<object>(DETAILS[kind] as never) } : {}]));

type Common = 'at' | 'app' | 'severity' | 'message' | 'slot' | 'pid';
const COMMON: Shape<Pick<NewEvent, Common>> = {
  at: number(),
  app: nullable(string),
  severity: oneOf(SEVERITIES),
  message: string,
  slot: optional(integer(0)),
  pid: optional(integer(0)),
};

export const newEvent = variants<NewEvent, 'kind', Common>('kind', TABLE as never, COMMON);

/** Parses an event; null if it is invalid or of an unknown kind. */
export function parseEvent(value: unknown): LbEvent | null {
  const event = attempt(() => newEvent(value));
  return event instanceof Malformed || !Number.isSafeInteger((event as LbEvent).id) ? null : (event as LbEvent);
}
