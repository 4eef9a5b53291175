import { readFileSync } from 'node:fs';
import { field, string } from '../protocol/parser.ts';

/** The version of this package. */
export function lbVersion(): string {
  return field('version', string)(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));
}
