import type { Loader } from './understand.ts';

export interface LoadingFacts {
  /** As one would type it. */
  readonly script: string;
  /** The program that is to run it; null: Node.js itself. */
  readonly loader: Loader | null;
  /** Of the app's Node.js: `v22.18.0`. */
  readonly version: string;
  /** All that Node.js is given, with `NODE_OPTIONS`. */
  readonly nodeArgs: readonly string[];
  /** How Node.js loads tsx and ts-node here; null if they are not installed. */
  readonly found: Readonly<Record<Loader, string | null>>;
  /** Its package.json says `"type": "module"`. */
  readonly isModule: boolean;
  /** The compiled script, if there is one. */
  readonly compiled: string | null;
}

/** Arguments for Node.js, or why the script can't be run and what would help. */
export type Loading = { readonly nodeArgs: readonly string[] } | { readonly reason: string; readonly instead: string };

const TYPESCRIPT = /\.(?:[cm]?ts|tsx)$/;
/** The app's own way to load it. */
const LOADS = /^(?:-r|--(?:require|import|loader|experimental-loader|experimental-strip-types|experimental-transform-types))(?:=|$)/;

export const isTypeScript = (script: string): boolean => TYPESCRIPT.test(script);

/** Decides how Node.js runs a script: TypeScript by its own type stripping where it has that, otherwise through tsx if the project has it. */
export function loadingOf({ script, loader, version, nodeArgs, found, isModule, compiled }: LoadingFacts): Loading {
  if (loader === 'tsx') return found.tsx === null ? missing('tsx', script) : { nodeArgs: ['--import', found.tsx] };
  if (loader === 'ts-node') {
    if (found['ts-node'] === null) return missing('ts-node', script);
    const instead = `lb start ${script} --interpreter tsx`;
    return isModule && !script.endsWith('.cts') ? { reason: 'ts-node does not run ES modules', instead } : { nodeArgs: ['--require', found['ts-node']] };
  }
  if (!isTypeScript(script) || nodeArgs.some((arg) => LOADS.test(arg))) return { nodeArgs: [] };
  const stripping = script.endsWith('.tsx') ? 'none' : strippingOf(version);
  if (stripping === 'default') return { nodeArgs: [] };
  if (stripping === 'flag') return { nodeArgs: ['--experimental-strip-types'] };
  if (found.tsx !== null) return { nodeArgs: ['--import', found.tsx] };
  const reason = `Node.js ${version} does not run TypeScript, and tsx is not installed in the project`;
  return { reason, instead: compiled === null ? `"npm install tsx", then the same command; Node.js 22.18 and newer need no tsx` : `lb start ${compiled}` };
}

const missing = (loader: Loader, script: string): Loading => ({
  reason: `${loader} is not installed in the project`,
  instead: `"npm install ${loader}", then "lb start ${script} --interpreter ${loader}"`,
});

function strippingOf(version: string): 'none' | 'flag' | 'default' {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)) return 'default';
  return major === 23 || (major === 22 && minor >= 6) ? 'flag' : 'none';
}
