import type { LbError } from '../../errors/lb-error.ts';
import type { Style } from './style.ts';

/** Room for the source lines, the `Error: …` and the properties that Node prints for an uncaught error. */
const MAX_OUTPUT_LINES = 40;

/** An error as people read it: what, what the worker said, what to do. */
export function errorView(error: LbError, style: Style): string {
  const lines = [`${style('red', 'error:')} ${error.message}`];
  lines.push(...outputLines(error.output, style));
  if (error.hint !== undefined) lines.push(`${style('cyan', 'hint:')} ${error.hint}`);
  if (error.code === 'LB_ERR_INTERNAL' && error.stack !== undefined) lines.push(style('dim', error.stack));
  return lines.map((line) => `${line}\n`).join('');
}

/** Captured lines of a worker, marked as its own words. */
export function outputLines(lines: readonly string[], style: Style, indent = '  '): string[] {
  return lines.slice(-MAX_OUTPUT_LINES).map((line) => `${indent}${style('dim', '|')} ${line}`);
}
