import { createRequire } from 'node:module';
import { stripVTControlCharacters } from 'node:util';

// In the bundle, which is CommonJS, a default import of an ES module would be its namespace; here it is that in both.
const load: (name: 'string-width') => typeof import('string-width') = createRequire(import.meta.url);

/** ASCII, and what this program draws with: one column and one UTF-16 unit each. */
const NARROW = /^[\x20-\x7e\u2500-\u259f·…›→▲▼●○]*$/;
/** Control characters, and those that turn the direction of writing. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;
const TAB = '    ';

/** Made for the first text that needs it: `lb list` draws its columns with this too, and has no time to lose. */
let measure: { readonly segmenter: Intl.Segmenter; readonly stringWidth: (text: string) => number } | null = null;

/** One character as people see it, and its columns in a terminal: 0, 1 or 2. */
export interface Grapheme {
  readonly text: string;
  readonly width: number;
}

/** Makes foreign text safe to show. */
export function printable(text: string): string {
  if (NARROW.test(text)) return text;
  return stripVTControlCharacters(text).replaceAll('\t', TAB).replace(CONTROL, '');
}

/** Every character has one column and is one UTF-16 unit. */
export const isNarrow = (text: string): boolean => NARROW.test(text);

/** The characters of a text. */
export function* graphemes(text: string): Generator<Grapheme> {
  measure ??= { segmenter: new Intl.Segmenter(undefined, { granularity: 'grapheme' }), stringWidth: load('string-width').default };
  const { segmenter, stringWidth } = measure;
  for (const { segment } of segmenter.segment(text)) yield { text: segment, width: Math.min(2, stringWidth(segment)) };
}

/** Columns of a printable text. */
export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemes(text)) width += grapheme.width;
  return width;
}

/** The text cut to this many columns, with `…` where it was cut. */
export function truncate(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (NARROW.test(text)) return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
  if (widthOf(text) <= columns) return text;
  let cut = '';
  let width = 0;
  for (const grapheme of graphemes(text)) {
    if (width + grapheme.width > columns - 1) break;
    cut += grapheme.text;
    width += grapheme.width;
  }
  return `${cut}…`;
}

/** The text padded with spaces to this many columns. */
export const padded = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - widthOf(text)));
