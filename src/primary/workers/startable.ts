import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { ownNode } from '../../system/own-node.ts';
import { isSamePlace } from '../../system/same-place.ts';
import { startProblem } from '../../system/start-problem.ts';

/** Whether the workers of a definition can be started here, before one is. */
export interface Startable {
  /** Why not; null if nothing is known to be in the way. */
  problem(spec: AppSpec): string | null;
  /** The Node.js that a new definition asks for, if it is not the one that runs this primary and its workers; else null. */
  otherNode(current: AppSpec, next: AppSpec): string | null;
}

export const startable: Startable = {
  problem: (spec) => startProblem(spec, ownNode()),
  otherNode(current, { interpreter }) {
    if (interpreter === current.interpreter) return null;
    if (interpreter === null) return 'the default one';
    return isSamePlace(interpreter, process.execPath) ? null : interpreter;
  },
};
