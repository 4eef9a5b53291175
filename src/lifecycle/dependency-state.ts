import type { AppState } from './states.ts';

export interface DependencyFacts {
  readonly state: AppState;
  /** Its start is under way. */
  readonly isStarting: boolean;
  readonly ready: number;
  /** From how many ready workers on it is ready. */
  readonly readyMin: number;
  /** It runs once, and is not started again when it has ended. */
  readonly isJob: boolean;
}

/** What an app on which another one depends is to that: it serves or has done its work, it may soon, or it will not. */
export type DependencyState = 'up' | 'coming' | 'down';

export function dependencyState({ state, isStarting, ready, readyMin, isJob }: DependencyFacts): DependencyState {
  if (ready > 0 && ready >= readyMin) return 'up';
  if (isStarting) return 'coming';
  if (state === 'waiting') return 'up';
  if (state === 'stopped') return isJob ? 'up' : 'down';
  return state === 'errored' || state === 'stopping' ? 'down' : 'coming';
}
