import type { RestartPhase } from './restart-policy.ts';

export const WORKER_STATES = ['starting', 'ready', 'ejected', 'draining', 'stopping', 'exited'] as const;
/** `starting → ready → draining → stopping → exited`, and `ready ⇄ ejected`. */
export type WorkerState = (typeof WORKER_STATES)[number];

/** From each state, the states it may move to. */
export const WORKER_TRANSITIONS: Readonly<Record<WorkerState, readonly WorkerState[]>> = {
  starting: ['ready', 'draining', 'stopping', 'exited'],
  ready: ['ejected', 'draining', 'stopping', 'exited'],
  ejected: ['ready', 'draining', 'stopping', 'exited'],
  draining: ['stopping', 'exited'],
  stopping: ['exited'],
  exited: [],
};

/** Handles traffic: `ready`, or `ejected` with the connections it still has. */
export const isServing = (state: WorkerState): boolean => state === 'ready' || state === 'ejected';
/** On its way out, but still alive. */
export const isShuttingDown = (state: WorkerState): boolean => state === 'draining' || state === 'stopping';
/** On its way out, or exited. */
export const isLeaving = (state: WorkerState): boolean => isShuttingDown(state) || state === 'exited';

export const APP_STATES = ['starting', 'online', 'degraded', 'reloading', 'stopping', 'waiting', 'stopped', 'errored'] as const;
export type AppState = (typeof APP_STATES)[number];

/** Has no workers and will start none: it was stopped, or has given up. Also for the slots of an app. */
export const isEnded = (state: AppState | RestartPhase): boolean => state === 'stopped' || state === 'errored';

/** What a state means to an operator. Each surface has its own colours for the tones. */
export type Tone = 'good' | 'busy' | 'leaving' | 'warn' | 'bad' | 'idle';

const TONES: Readonly<Record<AppState | WorkerState, Tone>> = {
  starting: 'busy',
  online: 'good',
  ready: 'good',
  reloading: 'busy',
  degraded: 'warn',
  ejected: 'warn',
  draining: 'leaving',
  stopping: 'leaving',
  waiting: 'idle',
  stopped: 'idle',
  exited: 'idle',
  errored: 'bad',
};

export const toneOf = (state: AppState | WorkerState): Tone => TONES[state];

export interface AppFacts {
  readonly wanted: number;
  readonly ready: number;
  readonly erroredSlots: number;
  /** A listener that clients may rely on has no ready worker. */
  readonly isUnserved: boolean;
  /** The workers of a slot end again and again; the present one may be ready, but has not lasted yet. */
  readonly crashLoops: boolean;
  readonly rollingOut: boolean;
  /** A stop was requested, or nothing is left to supervise. How it ended is reported when its sockets are closed too. */
  readonly stopping: boolean;
  /** Its workers have ended, and `cron_restart` or `watch` starts it again; null if that is not so. */
  readonly resting: 'waiting' | 'errored' | null;
  /** All slots have been ready at least once since the last start. */
  readonly wasOnline: boolean;
}

/** The state of a running app, derived from its facts; it is not stored. One that has ended is `stopped` or `errored`. */
export function appState(facts: AppFacts): AppState {
  if (facts.stopping) return 'stopping';
  // Requested, but not started yet.
  if (facts.wanted === 0) return 'starting';
  if (facts.rollingOut) return 'reloading';
  if (facts.resting !== null) return facts.resting;
  if (facts.erroredSlots > 0) return 'degraded';
  if (facts.ready >= facts.wanted) return facts.isUnserved || facts.crashLoops ? 'degraded' : 'online';
  return facts.wasOnline ? 'degraded' : 'starting';
}
