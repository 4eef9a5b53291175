import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian keeps servers; the PATH of a user does not reach there. */
const SERVER_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * An installed program.
 * @param {string} name
 * @returns {string | null} its path
 */
export function findProgram(name) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...SERVER_DIRECTORIES];
  return directories.map((directory) => join(directory, name)).find(isExecutable) ?? null;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
