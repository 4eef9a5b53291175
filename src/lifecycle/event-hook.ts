import { SEVERITIES, type EventKind, type Severity } from './event-kind.ts';

/** What to call for an app's events: a command, a URL, or both. */
export interface EventHookSpec {
  /** A string is a shell command; an array is a program with its arguments. */
  readonly run: string | readonly string[] | null;
  readonly url: string | null;
  /** Null for every kind. */
  readonly kinds: readonly EventKind[] | null;
  /** Minimum severity. */
  readonly severity: Severity;
}

/** Whether to call a hook for an event. Never for `hook-failed`: that would loop. */
export function wantsEvent({ kinds, severity }: EventHookSpec, event: { readonly kind: EventKind; readonly severity: Severity }): boolean {
  if (event.kind === 'hook-failed') return false;
  return SEVERITIES.indexOf(event.severity) >= SEVERITIES.indexOf(severity) && (kinds === null || kinds.includes(event.kind));
}
