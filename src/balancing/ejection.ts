import type { EjectionSpec } from '../lifecycle/app-spec.ts';

export type EjectionCause = 'active' | 'passive' | 'self';

interface Standing {
  readonly reason: string;
  /** Passive ejections end by themselves. */
  readonly until: number | null;
}

/** Why one worker is out of the rotation, if it is. Times are monotonic milliseconds. */
export interface EjectionState {
  readonly causes: ReadonlyMap<EjectionCause, Standing>;
  /** Since when one cause or another has stood; null when none does. */
  readonly since: number | null;
  /** Ejections in all; a cause that joins another is the same ejection. */
  readonly total: number;
  /** Passive ejections that are not forgotten, and when the last of them ended. */
  readonly level: number;
  readonly levelAt: number;
}

export const NOT_EJECTED: EjectionState = { causes: new Map(), since: null, total: 0, level: 0, levelAt: 0 };

/** Envoy's `max_ejection_time`. */
const LONGEST_MS = 300_000;
/** One passive ejection is forgotten after so long without another. */
const FORGET_MS = 300_000;

/** A failed check, or the worker's own word: stands until it is lifted. */
export function eject(state: EjectionState, cause: 'active' | 'self', reason: string, now: number): EjectionState {
  return withCause(state, cause, { reason, until: null }, now);
}

/** Ejection for a time that grows with each one that is not forgotten, as Envoy's does. */
export function ejectPassively(state: EjectionState, reason: string, { baseMs }: Pick<EjectionSpec, 'baseMs'>, now: number): EjectionState {
  const level = remembered(state, now) + 1;
  const until = now + Math.min(baseMs * level, LONGEST_MS);
  return { ...withCause(state, 'passive', { reason, until }, now), level, levelAt: until };
}

export function lift(state: EjectionState, cause: EjectionCause): EjectionState {
  if (!state.causes.has(cause)) return state;
  const causes = new Map([...state.causes].filter(([name]) => name !== cause));
  return { ...state, causes, since: causes.size === 0 ? null : state.since };
}

/** Without the passive cause when its time is over. */
export function expire(state: EjectionState, now: number): EjectionState {
  const until = nextLookAt(state);
  return until !== null && until <= now ? lift(state, 'passive') : state;
}

/** When time alone changes something; null when it does not. */
export function nextLookAt(state: EjectionState): number | null {
  return state.causes.get('passive')?.until ?? null;
}

/**
 * Out of the rotation while any cause stands, but never when nobody else is there: a worker that may be sick serves
 * better than none (nginx does not disable a sole server either).
 */
export function isEjected(state: EjectionState, hasPeers: boolean): boolean {
  return state.since !== null && hasPeers;
}

/**
 * Whether one more of these workers may be ejected passively: at most `maxShare` of them, though always one, and
 * somebody must be left. Failed checks and what workers say of themselves know no such bound, the panic rule of the
 * rotation is theirs.
 */
export function mayEjectPassively(workers: readonly EjectionState[], { maxShare }: Pick<EjectionSpec, 'maxShare'>): boolean {
  const passive = workers.filter(({ causes }) => causes.has('passive')).length;
  const healthy = workers.filter(({ since }) => since === null).length;
  return healthy > 1 && passive < Math.max(1, Math.floor(workers.length * maxShare));
}

/** In words for people, the first cause first. */
export function describeCauses({ causes }: EjectionState, now: number): readonly string[] {
  return [...causes].map(([cause, { reason, until }]) => {
    if (cause === 'active') return `failed checks: ${reason}`;
    if (cause === 'self') return `reported itself down: ${reason}`;
    return `${reason}; back in ${Math.max(0, Math.ceil(((until ?? now) - now) / 1000))} s`;
  });
}

function withCause(state: EjectionState, cause: EjectionCause, standing: Standing, now: number): EjectionState {
  const causes = new Map(state.causes).set(cause, standing);
  const isNew = state.since === null;
  return { ...state, causes, since: state.since ?? now, total: state.total + (isNew ? 1 : 0) };
}

function remembered({ level, levelAt }: EjectionState, now: number): number {
  const forgotten = Math.max(0, Math.floor((now - levelAt) / FORGET_MS));
  return Math.max(0, level - forgotten);
}
