import type { EjectionSpec } from '../lifecycle/app-spec.ts';

export type EjectionCause = 'active' | 'passive' | 'self';

interface Standing {
  readonly reason: string;
  /** Only a passive ejection expires on its own. */
  readonly until: number | null;
}

/** Why a worker is ejected, if it is. Times are monotonic milliseconds. */
export interface EjectionState {
  readonly causes: ReadonlyMap<EjectionCause, Standing>;
  /** When the first of the current causes began; null without causes. */
  readonly since: number | null;
  /** Ejections in total; a cause added to another does not count. */
  readonly total: number;
  /** Number of recent passive ejections, and when the last of them ends. */
  readonly level: number;
  readonly levelAt: number;
}

export const NOT_EJECTED: EjectionState = { causes: new Map(), since: null, total: 0, level: 0, levelAt: 0 };

/** Envoy's `max_ejection_time`. */
const LONGEST_MS = 300_000;
/** The level falls by one each time this passes without a passive ejection. */
const FORGET_MS = 300_000;

/** Adds a failed check or a self-report; it lasts until it is lifted. */
export function eject(state: EjectionState, cause: 'active' | 'self', reason: string, now: number): EjectionState {
  return withCause(state, cause, { reason, until: null }, now);
}

/** Ejects for a time that grows with the level, as in Envoy. */
export function ejectPassively(state: EjectionState, reason: string, { baseMs }: Pick<EjectionSpec, 'baseMs'>, now: number): EjectionState {
  const level = currentLevel(state, now) + 1;
  const until = now + Math.min(baseMs * level, LONGEST_MS);
  return { ...withCause(state, 'passive', { reason, until }, now), level, levelAt: until };
}

export function lift(state: EjectionState, cause: EjectionCause): EjectionState {
  if (!state.causes.has(cause)) return state;
  const causes = new Map([...state.causes].filter(([name]) => name !== cause));
  return { ...state, causes, since: causes.size === 0 ? null : state.since };
}

/** Lifts a passive ejection whose time is over. */
export function expire(state: EjectionState, now: number): EjectionState {
  const until = expiresAt(state);
  return until !== null && until <= now ? lift(state, 'passive') : state;
}

/** When the passive ejection expires; null if there is none. */
export function expiresAt(state: EjectionState): number | null {
  return state.causes.get('passive')?.until ?? null;
}

/** Ejected while any cause lasts, but never the only worker: a sick worker is better than none (nginx does the same). */
export function isEjected(state: EjectionState, hasPeers: boolean): boolean {
  return state.since !== null && hasPeers;
}

/**
 * Whether one more of these workers may be ejected passively: at most `maxShare` of them, but always one, and at least one must
 * stay healthy. Failed checks and self-reports have no such limit; the panic rule covers those.
 */
export function mayEjectPassively(workers: readonly EjectionState[], { maxShare }: Pick<EjectionSpec, 'maxShare'>): boolean {
  const passive = workers.filter(({ causes }) => causes.has('passive')).length;
  const healthy = workers.filter(({ since }) => since === null).length;
  return healthy > 1 && passive < Math.max(1, Math.floor(workers.length * maxShare));
}

/** The causes for messages, in order. */
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

function currentLevel({ level, levelAt }: EjectionState, now: number): number {
  const forgotten = Math.max(0, Math.floor((now - levelAt) / FORGET_MS));
  return Math.max(0, level - forgotten);
}
