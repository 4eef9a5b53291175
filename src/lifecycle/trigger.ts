import type { AppSpec } from './app-spec.ts';
import type { OperationName } from './operation-name.ts';

type Triggers = Pick<AppSpec, 'cron' | 'watch'>;

/** Whether something starts the app again after it has ended, so that its primary must stay. */
export const isRevived = ({ cron, watch }: Triggers): boolean => cron !== null || watch !== null;

/** What starts it again, as a clause. */
export function describeRevival({ cron, watch }: Triggers): string {
  const causes = [...(cron === null ? [] : ['the next tick of cron_restart']), ...(watch === null ? [] : ['a change of its files'])];
  return `${causes.join(' or ') || 'nothing'} starts it again`;
}

/** The app as a tick or a change finds it. */
export interface TriggerFacts {
  /** What is under way. */
  readonly operation: OperationName | null;
  /** A worker of it is alive. */
  readonly isRunning: boolean;
  /** It is meant to run all the time: it listened, or is restarted when it ends. Else each run is a job of its own. */
  readonly isService: boolean;
}

export type TriggerAction = { readonly do: 'start' | 'reload' } | { readonly do: 'skip'; readonly because: string };

/** These end with what is on disk, or with nothing running. */
const MAKES_NEW: ReadonlySet<OperationName> = new Set<OperationName>(['start', 'reload', 'restart', 'stop']);

/** What a tick of `cron_restart` does. */
export function atTick({ operation, isRunning, isService }: TriggerFacts): TriggerAction {
  if (operation !== null && MAKES_NEW.has(operation)) return { do: 'skip', because: `a ${operation} is under way` };
  if (!isRunning) return { do: 'start' };
  return isService ? { do: 'reload' } : { do: 'skip', because: 'the last run still runs' };
}

/** What a change of its files does. What is under way may have read the files before. */
export function atChange({ operation, isRunning }: TriggerFacts): TriggerAction {
  if (operation === 'stop') return { do: 'skip', because: 'it is being stopped' };
  return isRunning || operation !== null ? { do: 'reload' } : { do: 'start' };
}
