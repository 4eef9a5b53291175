import { realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../errors/lb-error.ts';
import { absolutePath, isExecutable } from './paths.ts';

/** Minimum Node.js version. */
const OLDEST = [20, 19] as const;
const ANSWER_WITHIN_MS = 10_000;

/** `version` as Node.js prints it: `v22.18.0`. */
export type Interpreter = { readonly path: string; readonly version: string } | { readonly reason: string };

type Checked = { readonly version: string } | { readonly reason: string };

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
    if (wanted === 'none') return { reason: 'lb runs Node.js apps only' };
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
  try {
    const version = await versionOf(path);
    const reason = problemOfVersion(version);
    return reason === undefined ? { version } : { reason };
  } catch (error) {
    return { reason: `"${path} --version" failed: ${messageOf(error).split('\n')[0] ?? ''}` };
  }
}

async function versionOf(path: string): Promise<string> {
  // Rarely needed and slow to load.
  const { execFile } = await import('node:child_process');
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: ANSWER_WITHIN_MS, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 });
  return stdout.trim();
}

/** Why a binary with this `--version` output can't be used; undefined if it can. */
export function problemOfVersion(answer: string): string | undefined {
  const version = /^v(\d+)\.(\d+)\.\d+/.exec(answer);
  if (version === null) return 'it is not Node.js; lb runs Node.js apps only';
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const isOldEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return isOldEnough ? undefined : `it is Node.js ${answer}, and lb needs ${OLDEST.join('.')} or newer`;
}

const realpathOf = (path: string): Promise<string> => realpath(path).catch(() => path);
