import { fileURLToPath } from 'node:url';

/** The `lb` program itself, as an absolute path. */
export const LB_PROGRAM = fileURLToPath(new URL('../../bin/lb.js', import.meta.url));
