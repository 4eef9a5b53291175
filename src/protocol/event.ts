import type { StopReason, ExitReport } from '../lifecycle/exit-report.ts';
import { EVENT_KINDS, type EventKind, type Severity } from '../lifecycle/event-kind.ts';
import type { OperationName } from '../lifecycle/operation-name.ts';

export type { EventKind, Severity };

/** What an event of some kinds tells beyond its message, for programs. */
export interface EventDetails {
  readonly start: { readonly generation: number };
  readonly ready: { readonly tookMs: number; readonly generation: number };
  readonly drain: { readonly stopReason: StopReason | null; readonly generation: number };
  /** The facts of `ExitReport`; `cause` is what is known beyond code and signal. */
  readonly exit: Pick<ExitReport, 'code' | 'signal' | 'stopReason' | 'cause' | 'killedAtDeadline' | 'uptimeMs' | 'generation'>;
  readonly recycle: { readonly stopReason: StopReason; readonly reason: string };
  readonly 'operation-begin': { readonly operation: OperationName };
  readonly operation: { readonly operation: OperationName; readonly ok: boolean };
  readonly ended: { readonly state: 'stopped' | 'errored' };
  readonly 'primary-lost': { readonly cause: string };
  /** `unclean`: the daemon before it did not say that it ends. */
  readonly 'daemon-start': { readonly unclean: boolean };
  /** `field`: its path in the message, empty for the message itself. */
  readonly 'bad-message': { readonly from: string; readonly field: string };
}

interface EventBase {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Null for what concerns the daemon itself. */
  readonly app: string | null;
  readonly severity: Severity;
  /** A sentence for people; complete in itself, but for the name of the app. */
  readonly message: string;
  readonly slot?: number;
  readonly pid?: number;
}

type OfKind<K extends EventKind> = { readonly kind: K } & (K extends keyof EventDetails
  ? { readonly details: EventDetails[K] }
  : { readonly details?: undefined });

type Facts = { [K in EventKind]: Omit<EventBase, 'severity'> & OfKind<K> }[EventKind];

/** Something that happened, as a primary tells it. */
export type NewEvent = Facts & { readonly severity: Severity };

/** Something that happened, for `/v1/events`. */
export type LbEvent = NewEvent & {
  /** Rises by one with each event of a home, over all its daemons. */
  readonly id: number;
};

export interface Where {
  readonly slot: number;
  readonly pid: number;
}

/** Tells what happened; kinds that have details need them. */
export type EmitEvent = <K extends EventKind>(
  kind: K,
  message: string,
  ...more: K extends keyof EventDetails ? [worker: Where | undefined, details: EventDetails[K]] : [worker?: Where]
) => void;

/** An event of the given facts, with the severity that follows from them. */
export function makeEvent(
  app: string | null,
  at: number,
  kind: EventKind,
  message: string,
  worker?: Where,
  details?: EventDetails[keyof EventDetails],
): NewEvent {
  const where = worker === undefined ? {} : { slot: worker.slot, pid: worker.pid };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `EmitEvent` has seen to it that kind and details belong together.
  const facts = { at, app, kind, message, ...where, ...(details === undefined ? {} : { details }) } as Facts;
  return { ...facts, severity: severityOf(facts) };
}

function severityOf({ kind, details }: Facts): Severity {
  if (kind === 'exit') {
    if (details.stopReason === null) return details.code === 0 ? 'warn' : 'error';
    return details.killedAtDeadline ? 'warn' : details.stopReason === 'hung' ? 'error' : 'info';
  }
  if (kind === 'operation') return details.ok ? 'info' : 'error';
  if (kind === 'ended') return details.state === 'errored' ? 'error' : 'info';
  if (kind === 'daemon-start') return details.unclean ? 'warn' : 'info';
  return EVENT_KINDS[kind].severity;
}
