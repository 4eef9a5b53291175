import { toneOf, type AppState, type Tone, type WorkerState } from '../lifecycle/states.ts';
import { STYLE, type CellStyle } from '../terminal/style.ts';

const TONE_STYLES: Readonly<Record<Tone, CellStyle>> = {
  good: STYLE.green,
  busy: STYLE.cyan,
  leaving: STYLE.yellow,
  warn: STYLE.yellow | STYLE.bold,
  bad: STYLE.red | STYLE.bold,
  idle: STYLE.dim,
};

export const toneStyle = (tone: Tone): CellStyle => TONE_STYLES[tone];

export const stateStyle = (state: AppState | WorkerState): CellStyle => TONE_STYLES[toneOf(state)];
