import { readFileSync } from 'node:fs';
import { field, string } from '../protocol/parser.ts';

/** The version of this package. */
export function lbVersion(): string {
  return field('version', string)(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));
}

/** The id of this build; null when it is run from its source. */
export function ownProgramId(): string | null {
  try {
    return field('id', string)(JSON.parse(readFileSync(new URL('../program.json', import.meta.url), 'utf8')));
  } catch {
    return null;
  }
}
