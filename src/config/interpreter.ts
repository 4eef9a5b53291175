import { realpath } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../errors/lb-error.ts';
import { absolutePath, isExecutable } from './paths.ts';

/** Minimum Node.js version. */
const OLDEST = [20, 19] as const;
const ANSWER_WITHIN_MS = 10_000;

/** `version` as Node.js prints it: `v22.18.0`. */
export type Interpreter =
  | { readonly path: string; readonly version: string }
  /** A program that is not Node.js. */
  | { readonly path: string; readonly foreign: true }
  | { readonly reason: string };

type Checked = { readonly version: string } | { readonly foreign: true } | { readonly reason: string };

/** Finds and checks the Node.js binaries that apps request; runs each only once. */
export class Interpreters {
  readonly #node: string;
  readonly #version: string;
  readonly #path: string;
  readonly #checked = new Map<string, Promise<Checked>>();

  /** @param node the binary that runs `lb`, which is not checked @param path the caller's `PATH` @param version of the default Node.js */
  constructor(node: string, path: string | undefined, version = process.version) {
    this.#node = node;
    this.#version = version;
    this.#path = path ?? '';
  }

  async find(wanted: string, base: string): Promise<Interpreter> {
    if (wanted === 'node') return { path: this.#node, version: this.#version };
    if (wanted === this.#node) return { path: this.#node, version: process.version };
    const path = isPath(wanted) ? absolutePath(wanted, base) : await this.#onPath(wanted);
    if (path === undefined) return { reason: 'it is not in PATH' };
    if (!(await isExecutable(path))) return { reason: `${path} is not an executable file` };
    const checked = await this.#check(path);
    return 'reason' in checked ? checked : { path, ...checked };
  }

  async #onPath(name: string): Promise<string | undefined> {
    for (const directory of this.#path.split(delimiter).filter(Boolean)) {
      const path = join(directory, name);
      if (await isExecutable(path)) return path;
    }
    return undefined;
  }

  #check(path: string): Promise<Checked> {
    const known = this.#checked.get(path) ?? checkVersion(path, this.#node);
    this.#checked.set(path, known);
    return known;
  }
}

const isPath = (wanted: string): boolean => /[/\\]/.test(wanted) || wanted.startsWith('~');

async function checkVersion(path: string, node: string): Promise<Checked> {
  if ((await realpathOf(path)) === (await realpathOf(node))) return { version: process.version };
  const isNode = basename(path).startsWith('node');
  try {
    return checkAnswer(await versionOf(path), isNode);
  } catch (error) {
    return isNode ? { reason: `"${path} --version" failed: ${messageOf(error).split('\n')[0] ?? ''}` } : { foreign: true };
  }
}

async function versionOf(path: string): Promise<string> {
  // Rarely needed and slow to load.
  const { execFile } = await import('node:child_process');
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: ANSWER_WITHIN_MS, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 });
  return stdout.trim();
}

/** What a binary with this `--version` output is. @param isNode by its name */
export function checkAnswer(answer: string, isNode: boolean): Checked {
  const version = /^v(\d+)\.(\d+)\.\d+/.exec(answer);
  if (version === null) return isNode ? { reason: 'it is not Node.js' } : { foreign: true };
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return isNewEnough ? { version: answer } : { reason: `it is Node.js ${answer}, and lb needs ${OLDEST.join('.')} or newer` };
}

const realpathOf = (path: string): Promise<string> => realpath(path).catch(() => path);
