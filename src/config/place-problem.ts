import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../errors/lb-error.ts';

/** Why a file cannot be written at an absolute path, where missing folders would be made; null if nothing is known to be in the way. */
export function placeProblem(path: string): string | null {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return 'is a directory';
    return stats.isFile() ? accessProblem(path, constants.W_OK, 'is not writable') : null;
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? folderProblem(dirname(path)) : reasonOf(path, error);
  }
}

/** Of the first folder above that exists. */
function folderProblem(folder: string): string | null {
  try {
    if (!statSync(folder).isDirectory()) return `is below ${folder}, which is not a directory`;
    return accessProblem(folder, constants.W_OK | constants.X_OK, `cannot be made in ${folder}, which is not writable`);
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? folderProblem(dirname(folder)) : reasonOf(folder, error);
  }
}

function accessProblem(path: string, mode: number, problem: string): string | null {
  try {
    accessSync(path, mode);
    return null;
  } catch {
    return problem;
  }
}

const reasonOf = (path: string, error: unknown): string =>
  errnoOf(error) === 'ENOTDIR' ? `is below something that is not a directory` : `cannot be looked at (${path}: ${errnoOf(error) ?? 'unknown'})`;
