import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

const ASCII = /^[\x20-\x7e]*$/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const TAB_COLUMNS = 4;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** What may be shown of a text somebody else wrote: no escape sequences, no control characters, none that turn the direction of writing. */
export function printable(text: string): string {
  if (ASCII.test(text)) return text;
  return stripVTControlCharacters(text).replaceAll('\t', ' '.repeat(TAB_COLUMNS)).replace(CONTROL, '');
}

/** One character as people see it, and its columns in a terminal: 0, 1 or 2. */
export interface Grapheme {
  readonly text: string;
  readonly width: number;
}

/** The characters of a text. */
export function* graphemes(text: string): Generator<Grapheme> {
  for (const { segment } of segmenter.segment(text)) yield { text: segment, width: Math.min(2, stringWidth(segment)) };
}

export const isAscii = (text: string): boolean => ASCII.test(text);

/** Columns of a printable text. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemes(text)) width += grapheme.width;
  return width;
}

/** The text in at most that many columns, with `…` where something is missing. */
export function truncate(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns <= 0) return '';
  let cut = '';
  let width = 0;
  for (const grapheme of graphemes(text)) {
    if (width + grapheme.width > columns - 1) break;
    cut += grapheme.text;
    width += grapheme.width;
  }
  return `${cut}…`;
}
