import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { DEFAULT_INSPECTOR_PORT } from '../../lifecycle/replacement.ts';
import { INSPECT_PORT, INSPECT_SECRET } from '../../protocol/worker.ts';

const LISTENING = 'Debugger listening on ws://';
const ADDRESS = /Debugger listening on ws:\/\/\S+:(\d{1,5})\/([\w-]+)\s*$/gm;
/** An app may print such lines itself. */
const MOST_PATHS = 16;

const OPENS = /^--inspect(?:-brk|-wait)?(?:=|$)/;
const SETS_PORT = /^--(?:inspect|debug)-port(?:=|$)/;
const SETS_SECRECY = /^--inspect-publish-uid(?:=|$)/;

const NAMES_PORT = /^--(?:inspect(?:-brk|-wait|-port)?|debug-port)=(?:.*:)?(\d{1,5})$/;
const HIGHEST_PORT = 65_535;

type Inspected = Pick<AppSpec, 'nodeArgs' | 'env'>;

/** The last one counts. Node.js takes an underscore for a dash. */
const optionsOf = ({ nodeArgs, env }: Inspected): string[] =>
  [...(env['NODE_OPTIONS'] ?? '').split(/\s+/), ...nodeArgs].map((word) => word.replaceAll('_', '-'));

/**
 * The options for the inspector of a worker: a free port, and an address that no other user can guess or ask for. What the app sets
 * itself takes precedence; one that opens its inspector itself gets none.
 */
export function inspectorArguments(app: Inspected): string[] {
  const words = optionsOf(app);
  const sets = (option: RegExp): boolean => words.some((word) => option.test(word));
  if (sets(OPENS)) return [];
  return [...(sets(SETS_PORT) ? [] : [INSPECT_PORT]), ...(sets(SETS_SECRECY) ? [] : [INSPECT_SECRET])];
}

/** The port of the inspector of a cluster worker: the one that the app names, or the next one that no other worker has. 0 is any free one. */
export function inspectorPort(app: Inspected, taken: ReadonlySet<number>): number {
  if (inspectorArguments(app).includes(INSPECT_PORT)) return 0;
  const named = optionsOf(app).flatMap((word) => NAMES_PORT.exec(word)?.[1] ?? []);
  let port = Number(named.at(-1) ?? DEFAULT_INSPECTOR_PORT);
  while (port !== 0 && port < HIGHEST_PORT && taken.has(port)) port++;
  return port;
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
