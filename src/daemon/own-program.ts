import { fileURLToPath } from 'node:url';

/** Of the build whose daemon this is: usually the copy in its home. */
export const PROGRAM_DIRECTORY = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
