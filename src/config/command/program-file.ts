import { basename, dirname, extname, join } from 'node:path';
import { LOADERS, type Loader } from './understand.ts';

/** What a file is, from its name and its first bytes. */
export type FileKind =
  /** Node.js can run it. */
  | { readonly kind: 'node'; readonly nodeArgs: readonly string[]; readonly loader: Loader | null }
  /** A shell script, as package managers write them, that runs a script with Node.js. */
  | { readonly kind: 'shim'; readonly target: string; readonly nodeArgs: readonly string[] }
  /** Something else: `a python3 script`. */
  | { readonly kind: 'other'; readonly what: string };

const ELF = '\u007fELF';
const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ash', 'ksh']);
/** What pnpm, and npm on Windows, write into `node_modules/.bin`. */
const SHIM = /exec\s+node\s+((?:-\S+\s+)*)"\$basedir\/([^"]+)"/;
const SCRIPT = /^\.(?:[cm]?[jt]sx?|json|node|wasm)$/;

/** @param head its first bytes, one character each. */
export function fileKind(path: string, head: string): FileKind {
  if (SCRIPT.test(extname(path))) return NODE_SCRIPT;
  if (head.startsWith(ELF)) return { kind: 'other', what: 'a binary program' };
  if (!head.startsWith('#!')) return head.includes('\0') ? { kind: 'other', what: 'a binary file' } : NODE_SCRIPT;
  const [program, ...options] = shebang(head);
  if (program === 'node' || program === 'nodejs') return { kind: 'node', nodeArgs: options, loader: null };
  const loader = LOADERS.find((name) => name === program);
  if (loader !== undefined) return { kind: 'node', nodeArgs: [], loader };
  const [, flags = '', target] = SHELLS.has(program) ? (SHIM.exec(head) ?? []) : [];
  if (target === undefined) return { kind: 'other', what: `a ${program} script` };
  return { kind: 'shim', target: join(dirname(path), target), nodeArgs: flags.split(/\s+/).filter(Boolean) };
}

const NODE_SCRIPT: FileKind = { kind: 'node', nodeArgs: [], loader: null };

/** The program of a `#!` line, without `env` and the directory, and its options. */
export function shebang(head: string): [string, ...string[]] {
  const words = (head.split('\n', 1)[0] ?? '').slice(2).trim().split(/\s+/);
  if (basename(words[0] ?? '') === 'env') {
    words.shift();
    while (words[0]?.startsWith('-') === true || words[0]?.includes('=') === true) words.shift();
  }
  const [program = '', ...options] = words;
  return [basename(program), ...options];
}
