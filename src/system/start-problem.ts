import { accessSync, constants, statSync } from 'node:fs';
import { errnoOf } from '../errors/lb-error.ts';
import { oversize, type Started } from './exec-size.ts';
import { argumentRoom } from './limits.ts';
import { isExecutable } from './own-node.ts';

/** Why no process of an app can be started: what is missing, or too large. Null if nothing is known to be in the way. @param node that is to run it */
export function startProblem(app: Started & { readonly cwd: string }, node: string): string | null {
  return directoryProblem(app.cwd) ?? scriptProblem(app.script) ?? nodeProblem(node) ?? oversize(app, argumentRoom());
}

function directoryProblem(path: string): string | null {
  try {
    if (!statSync(path).isDirectory()) return `its working directory is not a directory: ${path}`;
    accessSync(path, constants.X_OK);
    return null;
  } catch (error) {
    return `its working directory ${reason(error)}: ${path}`;
  }
}

function scriptProblem(path: string): string | null {
  try {
    accessSync(path, constants.R_OK);
    return null;
  } catch (error) {
    return `its script ${reason(error)}: ${path}`;
  }
}

export function nodeProblem(node: string): string | null {
  return isExecutable(node) ? null : `its interpreter is not an executable file: ${node}`;
}

function reason(error: unknown): string {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return 'does not exist';
  return errno === 'EACCES' ? 'is not accessible' : `cannot be used (${errno ?? 'unknown'})`;
}
