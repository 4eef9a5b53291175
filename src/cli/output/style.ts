import { inspect } from 'node:util';
import type { Sink } from '../io.ts';

export type Color = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'gray'
  | 'redBright' | 'greenBright' | 'yellowBright' | 'blueBright' | 'magentaBright' | 'cyanBright';

/** Colours a text, or leaves it as it is. */
export type Style = (color: Color, text: string) => string;

export const plain: Style = (_color, text) => text;

export const colored: Style = (color, text) => {
  const [open, close] = inspect.colors[color] ?? [0, 0];
  return text === '' ? '' : `\u001b[${open}m${text}\u001b[${close}m`;
};

/** `NO_COLOR` wins, then `FORCE_COLOR`, then whether it is a terminal. */
export function styleFor(sink: Sink, env: NodeJS.ProcessEnv): Style {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return plain;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force === '0' || force === 'false' ? plain : colored;
  return sink.isTTY === true && env['TERM'] !== 'dumb' ? colored : plain;
}
