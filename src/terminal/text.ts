import { stripVTControlCharacters } from 'node:util';

/** A default import of this ES module would be its namespace in the CommonJS bundle; this works in both. */
function loadStringWidth(): (text: string) => number {
  const load: (name: 'string-width') => typeof import('string-width') = process.getBuiltinModule('node:module').createRequire(import.meta.url);
  return load('string-width').default;
}

/** Characters that are one column and one UTF-16 unit wide: ASCII, and what this program draws with. */
const NARROW = /^[\x20-\x7e\u2500-\u259f·…›→▲▼●○]*$/;
/** Control characters, and those that change the writing direction. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;
const TAB = '    ';

/** Created on first use: `lb list` uses this file too and must start fast. */
let measure: { readonly segmenter: Intl.Segmenter; readonly stringWidth: (text: string) => number } | null = null;

/** One user-perceived character, and its width: 0, 1 or 2 columns. */
export interface Grapheme {
  readonly text: string;
  readonly width: number;
}

/** Removes escape sequences and control characters. */
export function printable(text: string): string {
  if (NARROW.test(text)) return text;
  return stripVTControlCharacters(text).replaceAll('\t', TAB).replace(CONTROL, '');
}

/** Whether every character is one column and one UTF-16 unit wide. */
export const isNarrow = (text: string): boolean => NARROW.test(text);

/** The user-perceived characters of a text. */
export function* graphemes(text: string): Generator<Grapheme> {
  measure ??= { segmenter: new Intl.Segmenter(undefined, { granularity: 'grapheme' }), stringWidth: loadStringWidth() };
  const { segmenter, stringWidth } = measure;
  for (const { segment } of segmenter.segment(text)) yield { text: segment, width: Math.min(2, stringWidth(segment)) };
}

/** Width of a printable text in columns. */
export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemes(text)) width += grapheme.width;
  return width;
}

/** The text cut to this many columns, ending in `…` if it was cut. */
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
