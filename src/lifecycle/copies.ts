import type { AppSpec } from './app-spec.ts';

/** What one has to know of several workers that do not know of each other; null if there is nothing to say. */
export function copiesWarning({ kind, incrementVar, socket }: Pick<AppSpec, 'kind' | 'incrementVar' | 'socket'>, count: number): string | null {
  if (count < 2 || kind === 'cluster') return null;
  if (kind === 'plain')
    return `each of its ${count} workers is a primary of its own: what the app does in its primary, such as scheduled jobs, happens ${count} times`;
  if (incrementVar !== null || socket !== null) return null;
  return `its ${count} workers are copies of one program and cannot share a port; increment_var: "PORT" gives each its own`;
}
