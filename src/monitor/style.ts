/** How a cell looks: one of six basic colours or the terminal's own, and attributes; a number, so that cells compare fast. */
export type CellStyle = number;

/** Never black or white: one of them is the background. */
export const STYLE = {
  plain: 0,
  red: 1,
  green: 2,
  yellow: 3,
  blue: 4,
  magenta: 5,
  cyan: 6,
  bold: 8,
  dim: 16,
  reverse: 32,
  underline: 64,
} as const;

const COLOR_MASK = 7;
const ATTRIBUTES = [[STYLE.bold, '1'], [STYLE.dim, '2'], [STYLE.underline, '4'], [STYLE.reverse, '7']] as const;

/** The escape sequence that switches to a style, whatever was before. */
export function sequenceOf(style: CellStyle, colors: boolean): string {
  const codes: string[] = ATTRIBUTES.filter(([bit]) => (style & bit) !== 0).map(([, code]) => code);
  const color = style & COLOR_MASK;
  if (colors && color !== 0) codes.push(`3${color}`);
  return `\x1b[${['0', ...codes].join(';')}m`;
}
