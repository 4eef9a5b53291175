import type { LbError } from '../../errors/lb-error.ts';
import { wrap } from './format.ts';
import type { Style } from './style.ts';

/** Room for the source lines, the `Error: …` and the properties that Node prints for an uncaught error. */
const MAX_OUTPUT_LINES = 40;

/** An error for the terminal: the message, the worker's output, the hint. Wrapped at the width of the terminal. */
export function errorView(error: LbError, style: Style, width: number | null, withHint = true): string {
  const lines = labelled(style('red', 'error:'), 'error:', error.message, width);
  lines.push(...outputLines(error.output, style));
  if (withHint && error.hint !== undefined) lines.push(...labelled(style('cyan', 'hint:'), 'hint:', error.hint, width));
  if (error.code === 'LB_ERR_INTERNAL' && error.stack !== undefined) lines.push(style('dim', error.stack));
  return lines.map((line) => `${line}\n`).join('');
}

function labelled(shown: string, label: string, text: string, width: number | null): string[] {
  const [first = '', ...others] = wrap(`${label} ${text}`, width);
  return [shown + first.slice(label.length), ...others.map((line) => `  ${line}`)];
}

/** Captured output of a worker, marked with `|`. */
export function outputLines(lines: readonly string[], style: Style, indent = '  '): string[] {
  return lines.slice(-MAX_OUTPUT_LINES).map((line) => `${indent}${style('dim', '|')} ${line}`);
}
