/**
 * Who accepts connections with `balance: auto`. In the calm the primary hands them over one by one, exactly in turn. In a storm, when
 * handing over is what holds connections up, the workers accept for themselves. Pure: load in, mode out.
 */
export type AcceptMode = 'calm' | 'storm';

/** The load over a span of time. */
export interface AcceptLoad {
  /** Monotonic time of its end, in milliseconds. */
  readonly at: number;
  /** New connections. */
  readonly perSecond: number;
  /** Share of the time in which the event loop of the primary was busy, 0 to 1. */
  readonly busy: number;
  /** Connections that wait in the primary. */
  readonly waiting: number;
}

export interface AcceptState {
  readonly mode: AcceptMode;
  /** Since when, in milliseconds. */
  readonly since: number;
  /** While calm: how many samples in a row, up to this time, showed that the primary holds connections up. */
  readonly pressed: { readonly samples: number; readonly at: number };
  /** In a storm: connections per second when it began. */
  readonly began: number;
  /** The shortest stay in a storm. */
  readonly stayMs: number;
}

/** How long a sample of the calm lasts at least, and one of a storm, which has to be smooth. */
export const SAMPLE_MS = { calm: 250, storm: 5_000 } as const;

/** The primary holds connections up if it is this busy, or has this many waiting, with at least so many new ones per second. */
const PRESSED = { busy: { share: 0.5, perSecond: 500 }, waiting: { connections: 8, perSecond: 100 } } as const;
const SAMPLES_IN_A_ROW = 2;
const IN_A_ROW_MS = 2_000;
/** A storm is over at this part of the rate with which it began: far enough below for the primary not to be busy again. */
const OVER = 0.5;
const SHORTEST_STAY_MS = 10_000;
/** A storm that returns within so many times its shortest stay lasts twice as long, up to the longest stay. */
const RETURNS_WITHIN = 3;
const LONGEST_STAY_MS = 320_000;

export const FIRST_STATE: AcceptState = {
  mode: 'calm',
  since: Number.NEGATIVE_INFINITY,
  pressed: { samples: 0, at: Number.NEGATIVE_INFINITY },
  began: 0,
  stayMs: SHORTEST_STAY_MS,
};

export function nextAccept(state: AcceptState, load: AcceptLoad): AcceptState {
  return state.mode === 'calm' ? afterCalm(state, load) : afterStorm(state, load);
}

function afterCalm(state: AcceptState, { at, perSecond, busy, waiting }: AcceptLoad): AcceptState {
  const isBusy = busy >= PRESSED.busy.share && perSecond >= PRESSED.busy.perSecond;
  const isCrowded = waiting >= PRESSED.waiting.connections && perSecond >= PRESSED.waiting.perSecond;
  if (!isBusy && !isCrowded) return { ...state, pressed: { samples: 0, at } };
  const samples = at - state.pressed.at <= IN_A_ROW_MS ? state.pressed.samples + 1 : 1;
  if (samples < SAMPLES_IN_A_ROW) return { ...state, pressed: { samples, at } };
  const isBack = at - state.since <= RETURNS_WITHIN * state.stayMs;
  const stayMs = isBack ? Math.min(2 * state.stayMs, LONGEST_STAY_MS) : SHORTEST_STAY_MS;
  return { mode: 'storm', since: at, pressed: { samples: 0, at }, began: perSecond, stayMs };
}

function afterStorm(state: AcceptState, { at, perSecond }: AcceptLoad): AcceptState {
  if (at - state.since < state.stayMs || perSecond >= OVER * state.began) return state;
  return { ...state, mode: 'calm', since: at };
}
