import { fileURLToPath } from 'node:url';

/** The checkout, as an absolute path without a trailing slash. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const LB_PROGRAM = `${ROOT}/bin/lb.js`;
export const LB_PM2_PROGRAM = `${ROOT}/bin/lb-pm2.js`;

/** The path of an app in `test/fixtures/apps`. */
export const fixture = (name: string): string => `${ROOT}/test/fixtures/apps/${name}`;
