/** What chokidar is told beyond what to watch, as in its documentation. */
export interface WatchTuning {
  readonly usePolling?: boolean;
  readonly interval?: number;
  readonly binaryInterval?: number;
  readonly depth?: number;
  readonly followSymlinks?: boolean;
  readonly ignorePermissionErrors?: boolean;
  readonly alwaysStat?: boolean;
  readonly atomic?: boolean | number;
  readonly awaitWriteFinish?: boolean | { readonly stabilityThreshold?: number; readonly pollInterval?: number };
}

/** Which files of an app are watched. */
export interface WatchSpec {
  /** Absolute. */
  readonly paths: readonly string[];
  /** Names, paths and globs, and regular expressions as `regexpPattern` writes them. */
  readonly ignore: readonly string[];
  /** How long nothing more must change. */
  readonly delayMs: number;
  readonly options: WatchTuning;
}

/** Changes that never stop are acted upon after this time. */
const LONGEST_MS = 10_000;

/** When files that began to change at one time, and changed last at another, are acted upon. */
export const settledAt = (firstAt: number, lastAt: number, delayMs: number): number => Math.min(lastAt + delayMs, firstAt + Math.max(LONGEST_MS, delayMs));

interface IgnoreContext {
  /** The folder of `lb` itself, into which it writes. */
  readonly home: string;
  /** The app's own files, which it changes by running: logs and the like. */
  readonly own: readonly string[];
  readonly cwd: string;
  readonly paths: readonly string[];
  readonly ignore: readonly string[];
}

const ALWAYS = /(?:^|\/)(?:\.|node_modules(?:\/|$))/;
const REGEXP = /^regexp:\/(.+)\/([a-z]*)$/s;

/** A regular expression among the patterns. */
export const regexpPattern = (regexp: RegExp): string => `regexp:${String(regexp)}`;

/**
 * Whether a path, absolute, is not watched. Dot files and `node_modules` never are, unless they are named; nor are the app's own
 * files, with their rotated ones, and those of `lb`.
 */
export function ignores({ home, own, cwd, paths, ignore }: IgnoreContext): (path: string) => boolean {
  const ownFiles = own.map(withRotated);
  const tests = ignore.map((pattern) => testOf(pattern, cwd));
  return (path) => {
    if (isWithin(path, home)) return true;
    const root = paths.find((one) => isWithin(path, one)) ?? cwd;
    const inside = path.slice(root.length + 1);
    if (ALWAYS.test(inside) || ownFiles.some((file) => file.test(path))) return true;
    return tests.some((test) => test(path, inside));
  };
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** `out.log`, `out.log.1`, `out.log.2.gz`, and `out-0.log` of a slot. */
function withRotated(file: string): RegExp {
  const [, start = file, extension = ''] = /^(.*?)(\.[^./]*)?$/s.exec(file) ?? [];
  return new RegExp(`^${escaped(start)}(?:-\\d+)?${escaped(extension)}(?:\\.\\d+(?:\\.gz)?)?$`);
}

function testOf(pattern: string, cwd: string): (path: string, inside: string) => boolean {
  const [, source, flags] = REGEXP.exec(pattern) ?? [];
  if (source !== undefined) {
    const regexp = new RegExp(source, flags?.replace(/[gy]/g, ''));
    return (_, inside) => regexp.test(`/${inside}`);
  }
  const clean = pattern.replace(/^\.\//, '').replace(/\/+$/, '');
  // Like in .gitignore: a name is that of a file or folder at any depth.
  if (!clean.includes('/')) {
    const name = new RegExp(`^${globSource(clean)}$`);
    return (_, inside) => inside.split('/').some((part) => name.test(part));
  }
  const whole = new RegExp(`^${globSource(clean.startsWith('/') ? clean : `${cwd}/${clean}`)}(?:/.*)?$`);
  return (path) => whole.test(path);
}

const GLOB: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };

/** `src/**` + `/*.{log,tmp}` as a regular expression. */
function globSource(glob: string): string {
  return glob.replace(/\*\*\/|\*\*|[*?]|\{([^{}]*)\}|[.+^${}()|[\]\\]/g, (piece, choices: string | undefined) => {
    if (choices !== undefined) return `(?:${choices.split(',').map(globSource).join('|')})`;
    return GLOB[piece] ?? `\\${piece}`;
  });
}
