import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { INSPECT_PORT, INSPECT_SECRET } from '../../protocol/worker.ts';

const LISTENING = 'Debugger listening on ws://';
const ADDRESS = /Debugger listening on ws:\/\/\S+:(\d{1,5})\/([\w-]+)\s*$/gm;
/** An app may print such lines itself. */
const MOST_PATHS = 16;

const OPENS = /^--inspect(?:-brk|-wait)?(?:=|$)/;
const SETS_PORT = /^--(?:inspect|debug)-port(?:=|$)/;
const SETS_SECRECY = /^--inspect-publish-uid(?:=|$)/;

/**
 * The options for the inspector of a worker: a free port, and an address that no other user can guess or ask for. What the app sets
 * itself takes precedence; one that opens its inspector itself gets none.
 */
export function inspectorArguments({ nodeArgs, env }: Pick<AppSpec, 'nodeArgs' | 'env'>): string[] {
  // Node.js takes an underscore for a dash.
  const words = [...nodeArgs, ...(env['NODE_OPTIONS'] ?? '').split(/\s+/)].map((word) => word.replaceAll('_', '-'));
  const sets = (option: RegExp): boolean => words.some((word) => option.test(word));
  if (sets(OPENS)) return [];
  return [...(sets(SETS_PORT) ? [] : [INSPECT_PORT]), ...(sets(SETS_SECRECY) ? [] : [INSPECT_SECRET])];
}

/** The secret paths of a worker's inspector, which Node.js prints to stderr and serves nowhere. */
export class InspectorPaths {
  readonly #byPort = new Map<number, string>();

  /** @param output whole lines of stderr */
  read(output: Buffer): void {
    if (!output.includes(LISTENING)) return;
    for (const [, port, path = ''] of output.toString('latin1').matchAll(ADDRESS)) {
      this.#byPort.delete(Number(port));
      this.#byPort.set(Number(port), path);
    }
    for (const port of [...this.#byPort.keys()].slice(0, -MOST_PATHS)) this.#byPort.delete(port);
  }

  /** Null if none was printed for this port. */
  at(port: number): string | null {
    return this.#byPort.get(port) ?? null;
  }
}
