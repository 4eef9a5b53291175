import { toneOf, type AppState, type Tone, type WorkerState } from '../../lifecycle/states.ts';
import type { Sink } from '../io.ts';

export type Color =
  | 'bold'
  | 'dim'
  | 'red'
  | 'green'
  | 'yellow'
  | 'blue'
  | 'magenta'
  | 'cyan'
  | 'gray'
  | 'redBright'
  | 'greenBright'
  | 'yellowBright'
  | 'blueBright'
  | 'magentaBright'
  | 'cyanBright';

const TONE_COLORS: Readonly<Record<Tone, Color>> = { good: 'green', busy: 'cyan', leaving: 'yellow', warn: 'yellow', bad: 'red', idle: 'gray' };

export const toneColor = (tone: Tone): Color => TONE_COLORS[tone];
export const stateColor = (state: AppState | WorkerState): Color => TONE_COLORS[toneOf(state)];

/** Colours a text, or leaves it as it is. */
export type Style = (color: Color, text: string) => string;

/** Chalk's levels: none, 16 colours, 256, all. */
export type ColorLevel = 0 | 1 | 2 | 3;

export const plain: Style = (_color, text) => text;

/** Loads chalk only if colours are used, so that a piped `lb list` starts faster. */
export async function colored(level: ColorLevel): Promise<Style> {
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level });
  return (color, text) => chalk[color](text);
}

/** The style for a stream. */
export async function styleFor(sink: Sink, env: NodeJS.ProcessEnv): Promise<Style> {
  const level = colorLevel(sink, env);
  return level === 0 ? plain : await colored(level);
}

/** `NO_COLOR` wins, then `FORCE_COLOR`, then whether it is a terminal. */
export function colorLevel(sink: Sink, env: NodeJS.ProcessEnv): ColorLevel {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return 0;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return forcedLevel(force);
  return sink.isTTY === true && env['TERM'] !== 'dumb' ? 1 : 0;
}

function forcedLevel(force: string): ColorLevel {
  if (force === '0' || force === 'false') return 0;
  return force === '2' ? 2 : force === '3' ? 3 : 1;
}
