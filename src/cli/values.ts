import { parseDuration } from '../config/units.ts';
import type { Options } from './context.ts';

/** The value of an option that `OptionDef.parse` turned into a number. */
export function numberOption(options: Options, key: string): number | undefined {
  const value = options[key];
  return typeof value === 'number' ? value : undefined;
}

/** The value of a text option. */
export function textOption(options: Options, key: string): string | undefined {
  const value = options[key];
  return typeof value === 'string' ? value : undefined;
}

/** Parsers of option values, for `OptionDef.parse`. Their errors say what was expected; the caller adds what was given. */

/** Any text that is not blank: a blank one usually comes from an unset shell variable. */
export function someText(text: string): string {
  if (text.trim() !== '') return text;
  throw new Error('expected a value');
}

export function positiveInteger(text: string): number {
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new Error('expected a whole number of at least 1');
}

export function wholeNumber(text: string): number {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new Error('expected a whole number of at least 0');
}

/** Milliseconds of `10s`, `500ms`, `1m`. */
export function milliseconds(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new Error('expected a duration such as 500ms, 10s or 1m');
}

/** A TCP port; 0 for any. */
export function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error('expected a port, 0 to 65535');
}

export function regularExpression(text: string, flags = ''): RegExp {
  try {
    return new RegExp(text, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: \/.*\/\w*: /s, '') : String(error);
    throw new Error(`expected a regular expression (${reason})`);
  }
}
