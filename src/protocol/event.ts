import type { StopReason, ExitReport } from '../lifecycle/exit-report.ts';
import { EVENT_KINDS, type EventKind, type Severity } from '../lifecycle/event-kind.ts';
import type { OperationName } from '../lifecycle/operation-name.ts';

export type { EventKind, Severity };

/** Details of an event for programs, by kind. */
export interface EventDetails {
  readonly start: { readonly generation: number };
  readonly ready: { readonly tookMs: number; readonly generation: number };
  readonly drain: { readonly stopReason: StopReason | null; readonly generation: number };
  /** `cause`: what is known beyond code and signal. */
  readonly exit: Pick<ExitReport, 'code' | 'signal' | 'stopReason' | 'cause' | 'killedAtDeadline' | 'uptimeMs' | 'generation'>;
  /** What it began. */
  readonly watch: { readonly action: 'start' | 'reload' | 'skip' };
  readonly cron: { readonly action: 'start' | 'reload' | 'skip' };
  readonly recycle: { readonly stopReason: StopReason; readonly reason: string };
  readonly 'operation-begin': { readonly operation: OperationName };
  readonly operation: { readonly operation: OperationName; readonly ok: boolean };
  readonly ended: { readonly state: 'stopped' | 'errored' };
  readonly 'primary-lost': { readonly cause: string };
  /** `unclean`: the previous daemon did not shut down cleanly. */
  readonly 'daemon-start': { readonly unclean: boolean };
  /** `field`: path in the message; empty for the message itself. */
  readonly 'bad-message': { readonly from: string; readonly field: string };
}

interface EventBase {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Null for an event of the daemon itself. */
  readonly app: string | null;
  readonly severity: Severity;
  /** A complete sentence, except that it may omit the name of the app. */
  readonly message: string;
  readonly slot?: number;
  readonly pid?: number;
}

type OfKind<K extends EventKind> = { readonly kind: K } & (K extends keyof EventDetails
  ? { readonly details: EventDetails[K] }
  : { readonly details?: undefined });

type Facts = { [K in EventKind]: Omit<EventBase, 'severity'> & OfKind<K> }[EventKind];

/** An event as a primary reports it, without an id. */
export type NewEvent = Facts & { readonly severity: Severity };

/** An event of `/v1/events`. */
export type LbEvent = NewEvent & {
  /** Increases by one with each event of a home, across its daemons. */
  readonly id: number;
};

export interface Where {
  readonly slot: number;
  readonly pid: number;
}

/** Reports an event; `details` is required for kinds that have it. */
export type EmitEvent = <K extends EventKind>(
  kind: K,
  message: string,
  ...more: K extends keyof EventDetails ? [worker: Where | undefined, details: EventDetails[K]] : [worker?: Where]
) => void;

/** Creates an event, with its severity. */
export function makeEvent(
  app: string | null,
  at: number,
  kind: EventKind,
  message: string,
  worker?: Where,
  details?: EventDetails[keyof EventDetails],
): NewEvent {
  const where = worker === undefined ? {} : { slot: worker.slot, pid: worker.pid };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type of `EmitEvent` guarantees that kind and details match.
  const facts = { at, app, kind, message, ...where, ...(details === undefined ? {} : { details }) } as Facts;
  return { ...facts, severity: severityOf(facts) };
}

function severityOf({ kind, details }: Facts): Severity {
  if (kind === 'exit') {
    if (details.stopReason === null) return details.code === 0 ? 'warn' : 'error';
    return details.killedAtDeadline ? 'warn' : details.stopReason === 'hung' ? 'error' : 'info';
  }
  if (kind === 'operation') return details.ok ? 'info' : 'error';
  if (kind === 'cron' || kind === 'watch') return details.action === 'skip' ? 'warn' : 'info';
  if (kind === 'ended') return details.state === 'errored' ? 'error' : 'info';
  if (kind === 'daemon-start') return details.unclean ? 'warn' : 'info';
  return EVENT_KINDS[kind].severity;
}
