import { fileURLToPath } from 'node:url';

/** Absolute path of the `lb` program. */
export const LB_PROGRAM = fileURLToPath(new URL('../../bin/lb.js', import.meta.url));
