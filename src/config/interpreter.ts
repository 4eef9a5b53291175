import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../errors/lb-error.ts';
import { absolutePath, statOf } from './paths.ts';

/** Minimum Node.js version. */
const OLDEST = [20, 19] as const;
const ANSWER_WITHIN_MS = 10_000;

export type Interpreter = { readonly path: string } | { readonly reason: string };

/** Finds and checks the Node.js binaries that apps request; runs each only once. */
export class Interpreters {
  readonly #node: string;
  readonly #path: string;
  readonly #checked = new Map<string, Promise<string | undefined>>();

  /** @param node the binary that runs `lb`, which is not checked @param path the caller's `PATH` */
  constructor(node: string, path: string | undefined) {
    this.#node = node;
    this.#path = path ?? '';
  }

  async find(wanted: string, base: string): Promise<Interpreter> {
    if (wanted === 'node' || wanted === this.#node) return { path: this.#node };
    if (wanted === 'none') return { reason: 'lb runs Node.js apps only' };
    const path = isPath(wanted) ? absolutePath(wanted, base) : await this.#onPath(wanted);
    if (path === undefined) return { reason: 'it is not in PATH' };
    if (!(await isExecutable(path))) return { reason: `${path} is not an executable file` };
    const reason = await this.#problemOf(path);
    return reason === undefined ? { path } : { reason };
  }

  async #onPath(name: string): Promise<string | undefined> {
    for (const directory of this.#path.split(delimiter).filter(Boolean)) {
      const path = join(directory, name);
      if (await isExecutable(path)) return path;
    }
    return undefined;
  }

  #problemOf(path: string): Promise<string | undefined> {
    const known = this.#checked.get(path) ?? checkVersion(path, this.#node);
    this.#checked.set(path, known);
    return known;
  }
}

const isPath = (wanted: string): boolean => /[/\\]/.test(wanted) || wanted.startsWith('~');

async function isExecutable(path: string): Promise<boolean> {
  if ((await statOf(path))?.isFile() !== true) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function checkVersion(path: string, node: string): Promise<string | undefined> {
  if ((await realpathOf(path)) === (await realpathOf(node))) return undefined;
  try {
    return problemOfVersion(await versionOf(path));
  } catch (error) {
    return `"${path} --version" failed: ${messageOf(error).split('\n')[0] ?? ''}`;
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
