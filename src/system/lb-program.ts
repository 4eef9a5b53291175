import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSamePlace } from './same-place.ts';

/** Absolute path of the `lb` program. */
export const LB_PROGRAM = fileURLToPath(new URL('../../bin/lb.js', import.meta.url));
/** Absolute path of the `lb-pm2` program. */
export const LB_PM2_PROGRAM = fileURLToPath(new URL('../../bin/lb-pm2.js', import.meta.url));

/** A program by the name under which it was called, which outlives an upgrade more often than the place to which that leads. */
export function programAsCalled(program: string, called: string | undefined): string {
  return called !== undefined && isSamePlace(resolve(called), program) ? resolve(called) : program;
}
