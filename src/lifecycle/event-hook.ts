import { SEVERITIES, type EventKind, type Severity } from './event-kind.ts';

/** What is done with an app's events: a command, a request, or both. */
export interface EventHookSpec {
  /** A text is given to the shell; a list is run as it is. */
  readonly run: string | readonly string[] | null;
  readonly url: string | null;
  /** Only these kinds; null is every kind. */
  readonly kinds: readonly EventKind[] | null;
  /** Only events of at least this severity. */
  readonly severity: Severity;
}

/** Whether a hook is called for an event. Never for its own failure: that would go on for ever. */
export function wantsEvent({ kinds, severity }: EventHookSpec, event: { readonly kind: EventKind; readonly severity: Severity }): boolean {
  if (event.kind === 'hook-failed') return false;
  return SEVERITIES.indexOf(event.severity) >= SEVERITIES.indexOf(severity) && (kinds === null || kinds.includes(event.kind));
}
