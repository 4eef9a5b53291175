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
  /** Share of a core that the primary used. */
  readonly share: number;
  /** Connections that wait in the primary. */
  readonly waiting: number;
}

export interface AcceptState {
  readonly mode: AcceptMode;
  /** Since when, in milliseconds. */
  readonly since: number;
  /** While calm: how many samples in a row, up to this time, showed that handing over costs too much. */
  readonly pressed: { readonly samples: number; readonly at: number };
  /** In a storm: it is over when fewer connections per second arrive. */
  readonly overBelow: number;
  /** The shortest stay in a storm. */
  readonly stayMs: number;
}

/** How long a sample of the calm lasts at least, and one of a storm, which has to be smooth. */
export const SAMPLE_MS = { calm: 100, storm: 5_000 } as const;

/** What handing one over takes at most, also on a slow machine. For the rest the primary is busy with something else. */
const MOST_MS_EACH = 0.4;
/** The primary keeps at most 16 waiting, or two per worker, and has the others wait in the kernel. */
const WAITING = { connections: 8, perSecond: 50 } as const;
const SAMPLES_IN_A_ROW = 4;
const IN_A_ROW_MS = 2_000;
/** A storm is over at this part of the rate that would have made it one: the primary would not be too busy again at once. */
const OVER = 0.5;
const SHORTEST_STAY_MS = 10_000;
/** A storm that returns within so many times its shortest stay lasts twice as long, up to the longest stay. */
const RETURNS_WITHIN = 3;
const LONGEST_STAY_MS = 320_000;

export const FIRST_STATE: AcceptState = {
  mode: 'calm',
  since: Number.NEGATIVE_INFINITY,
  pressed: { samples: 0, at: Number.NEGATIVE_INFINITY },
  overBelow: 0,
  stayMs: SHORTEST_STAY_MS,
};

/** @param most the share of a core that the primary may spend on handing over */
export function nextAccept(state: AcceptState, load: AcceptLoad, most: number): AcceptState {
  return state.mode === 'calm' ? afterCalm(state, load, most) : afterStorm(state, load);
}

function afterCalm(state: AcceptState, { at, perSecond, share, waiting }: AcceptLoad, most: number): AcceptState {
  const spent = Math.min(share, (perSecond * MOST_MS_EACH) / 1_000);
  const isPressed = spent >= most || (waiting >= WAITING.connections && perSecond >= WAITING.perSecond);
  if (!isPressed) return { ...state, pressed: { samples: 0, at } };
  const samples = at - state.pressed.at <= IN_A_ROW_MS ? state.pressed.samples + 1 : 1;
  if (samples < SAMPLES_IN_A_ROW) return { ...state, pressed: { samples, at } };
  const isBack = at - state.since <= RETURNS_WITHIN * state.stayMs;
  const stayMs = isBack ? Math.min(2 * state.stayMs, LONGEST_STAY_MS) : SHORTEST_STAY_MS;
  const tooMany = spent > most ? (perSecond * most) / spent : perSecond;
  return { mode: 'storm', since: at, pressed: { samples: 0, at }, overBelow: OVER * tooMany, stayMs };
}

function afterStorm(state: AcceptState, { at, perSecond }: AcceptLoad): AcceptState {
  if (at - state.since < state.stayMs || perSecond >= state.overBelow) return state;
  return { ...state, mode: 'calm', since: at };
}
