import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errors/lb-error.ts';

/** How many names of a kind a home has: others can take one as soon as they have seen it; then the next one is used. */
export const NAMES = 64;
const KINDS = ['lock', 'socket'] as const;
const NAME_BYTES = 12;
const BYTES = KINDS.length * NAMES * NAME_BYTES;
const FORMAT = new RegExp(`^[0-9a-f]{${2 * BYTES}}$`);

const fileOf = (home: string): string => join(home, 'secret');

/**
 * Random parts of the names that a daemon takes where other users can take names too: nobody can guess one, even who has seen
 * others of this home. Empty before the home is made.
 */
export function secretNames(home: string, kind: (typeof KINDS)[number]): string[] {
  const secret = secretOf(home);
  const start = KINDS.indexOf(kind) * NAMES;
  return Array.from({ length: NAMES }, (_, index) => secret.slice(2 * NAME_BYTES * (start + index), 2 * NAME_BYTES * (start + index + 1)));
}

function secretOf(home: string): string {
  try {
    const secret = readFileSync(fileOf(home), 'latin1');
    return FORMAT.test(secret) ? secret : '';
  } catch {
    return '';
  }
}

/** Makes the secret of a home, once: of several processes, one wins. */
export function makeHomeSecret(home: string): void {
  const file = fileOf(home);
  if (secretOf(home) !== '') return;
  const own = `${file}.${process.pid}.tmp`;
  rmSync(own, { force: true });
  writeFileSync(own, Buffer.from(crypto.getRandomValues(new Uint8Array(BYTES))).toString('hex'), { mode: 0o600, flag: 'wx' });
  try {
    linkSync(own, file);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(own, { force: true });
  }
}
