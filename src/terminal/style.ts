/** One of five colours or the default, and attributes, as a bit mask so that cells compare fast. */
export type CellStyle = number;

/**
 * Which colours a terminal gets. `fixed`: colours of the 256 that are legible on white and on black (contrast at least 3.9; a
 * usual yellow on white has 1.7). `basic`: the eight standard colours, as the terminal defines them.
 */
export type Palette = 'none' | 'basic' | 'fixed';

/** No black or white, because one of them is the background; no blue, which is illegible on black. */
export const STYLE = {
  plain: 0,
  red: 1,
  green: 2,
  yellow: 3,
  magenta: 5,
  cyan: 6,
  bold: 8,
  dim: 16,
  reverse: 32,
  underline: 64,
} as const;

const COLOR_MASK = 7;
const FIXED: Readonly<Record<number, number>> = { [STYLE.red]: 196, [STYLE.green]: 28, [STYLE.yellow]: 130, [STYLE.magenta]: 133, [STYLE.cyan]: 30 };
const ATTRIBUTES = [
  [STYLE.bold, '1'],
  [STYLE.dim, '2'],
  [STYLE.underline, '4'],
  [STYLE.reverse, '7'],
] as const;

/** The escape sequence for a style, independent of the previous one. */
export function sequenceOf(style: CellStyle, palette: Palette): string {
  const codes: string[] = ATTRIBUTES.filter(([bit]) => (style & bit) !== 0).map(([, code]) => code);
  const color = style & COLOR_MASK;
  if (palette !== 'none' && color !== 0) codes.push(palette === 'fixed' ? `38;5;${FIXED[color]}` : `3${color}`);
  return `\x1b[${['0', ...codes].join(';')}m`;
}
