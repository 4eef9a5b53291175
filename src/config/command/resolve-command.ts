import { basename, dirname, relative } from 'node:path';
import { absolutePath } from '../paths.ts';
import { findScript } from '../script.ts';
import { fileKind } from './program-file.ts';
import { findTool, headOf, isFile, linkTarget, packageOf, type Package } from './project-files.ts';
import { lastCommand, readShellLine, typed } from './shell-line.ts';
import { understand, type Loader, type Meaning } from './understand.ts';

/** The Node.js script behind a command, and how the command runs it. */
export interface Program {
  readonly script: string;
  readonly args: readonly string[];
  readonly nodeArgs: readonly string[];
  readonly loader: Loader | null;
  readonly env: ReadonlyMap<string, string>;
  /** Where the command runs it. */
  readonly cwd: string;
  /** Of the package whose script it is; null for any other command. */
  readonly name: string | null;
  readonly warnings: readonly string[];
}

interface Refusal {
  /** What was understood, and why no Node.js script is run. */
  readonly reason: string;
  /** A command that would run one. */
  readonly instead: string | null;
}

/** `opaque`: it runs as it is, as a command. Null: there is no such program. */
export type Resolution = { readonly program: Program } | { readonly opaque: Refusal } | { readonly refused: Refusal } | null;

export interface Surroundings {
  readonly variables: (name: string) => string | undefined;
  /** `PATH` */
  readonly path: string;
}

/** Scripts that call scripts; more is a circle. */
const DEEPEST = 8;

/** Finds the Node.js script behind the words of a command. */
export function resolveCommand(words: readonly string[], cwd: string, surroundings: Surroundings): Promise<Resolution> {
  return new CommandResolver(surroundings).resolve(words, cwd, 0);
}

const refused = (reason: string, instead: string | null = null): Resolution => ({ refused: { reason, instead } });
const opaque = (reason: string, instead: string | null = null): Resolution => ({ opaque: { reason, instead } });

/** What a command adds to the program that was found behind it. */
function adapted(found: Resolution, added: (program: Program) => Partial<Program>): Resolution {
  return found !== null && 'program' in found ? { program: { ...found.program, ...added(found.program) } } : found;
}

class CommandResolver {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  async resolve(words: readonly string[], cwd: string, depth: number): Promise<Resolution> {
    if (depth > DEEPEST) return refused('its scripts call each other in a circle');
    const { env, meaning } = understand(words);
    const found = await this.#follow(meaning, cwd, depth);
    return adapted(found, (program) => ({ env: new Map([...env, ...program.env]) }));
  }

  #follow(meaning: Meaning, cwd: string, depth: number): Promise<Resolution> | Resolution {
    switch (meaning.kind) {
      case 'opaque':
        return opaque(meaning.reason, meaning.instead);
      case 'refused':
        return refused(meaning.reason, meaning.instead);
      case 'node':
        return this.#node(meaning, cwd, depth);
      case 'tool':
        return this.#tool(meaning.name, meaning.args, cwd, depth);
      case 'package-script':
        return this.#packageScript(meaning, cwd, depth);
    }
  }

  async #node({ script, args, nodeArgs, loader, env }: Extract<Meaning, { kind: 'node' }>, cwd: string, depth: number): Promise<Resolution> {
    const file = await findScript(script, cwd);
    if (file === undefined) return refused(`there is no script ${script} in ${cwd}`);
    if (loader !== null) return { program: { script: file, args, nodeArgs, loader, env, cwd, name: null, warnings: [] } };
    const found = await this.#file(file, args, cwd, depth);
    return adapted(found, (program) => ({ nodeArgs: [...nodeArgs, ...program.nodeArgs] }));
  }

  async #tool(name: string, args: readonly string[], cwd: string, depth: number): Promise<Resolution> {
    const file = name.includes('/') ? await findScript(name, cwd) : await findTool(name, cwd, this.#surroundings.path);
    if (file === undefined) return null;
    const isLinked = !name.includes('/') || basename(dirname(absolutePath(name, cwd))) === '.bin';
    return this.#file(isLinked ? await linkTarget(file) : file, args, cwd, depth);
  }

  async #file(file: string, args: readonly string[], cwd: string, depth: number): Promise<Resolution> {
    const kind = fileKind(file, await headOf(file));
    if (kind.kind === 'other') return opaque(`${shownPath(file, cwd)} is ${kind.what}`);
    if (kind.kind === 'shim') {
      if (!(await isFile(kind.target))) return refused(`${shownPath(file, cwd)} runs ${kind.target}, which does not exist`);
      const found = await this.#file(kind.target, args, cwd, depth + 1);
      return adapted(found, (program) => ({ nodeArgs: [...kind.nodeArgs, ...program.nodeArgs] }));
    }
    const { nodeArgs, loader } = kind;
    return { program: { script: file, args, nodeArgs, loader, env: new Map(), cwd, name: null, warnings: [] } };
  }

  async #packageScript({ name, args, orTool }: Extract<Meaning, { kind: 'package-script' }>, cwd: string, depth: number): Promise<Resolution> {
    const found = await packageOf(cwd);
    if (found === undefined) return refused(`there is no package.json in ${cwd} or above it`);
    const text = found.scripts.get(name) ?? (name === 'start' && (await isFile(`${found.directory}/server.js`)) ? 'node server.js' : undefined);
    if (text === undefined) {
      const tool = orTool ? await this.#tool(name, args, found.directory, depth) : null;
      return tool ?? refused(`package.json in ${found.directory} has no script "${name}"${listOf(found)}`);
    }
    const line = readShellLine(text, this.#surroundings.variables);
    const says = `its script "${name}" is "${text}"`;
    if ('operator' in line) return opaque(`${says}, which needs a shell (${line.operator})`, await this.#instead(text, found.directory, depth));
    const inner = await this.resolve([...[...line.env].map(([key, value]) => `${key}=${value}`), ...line.words, ...args], found.directory, depth + 1);
    if (inner === null) return refused(`${says}, and there is no program ${line.words[0] ?? ''}; are the dependencies installed?`);
    if ('opaque' in inner) return opaque(`${says}; ${inner.opaque.reason}`, inner.opaque.instead);
    if ('refused' in inner) return refused(`${says}; ${inner.refused.reason}`, inner.refused.instead);
    return { program: asScript(inner.program, name, found) };
  }

  /** The command for the last part of `npm run build && node dist/server.js`. */
  async #instead(text: string, cwd: string, depth: number): Promise<string | null> {
    const last = lastCommand(text);
    const line = last === undefined ? null : readShellLine(last, this.#surroundings.variables);
    if (line === null || 'operator' in line) return null;
    const found = await this.resolve(line.words, cwd, depth + 1);
    return found !== null && 'program' in found ? startCommand(found.program, cwd) : null;
  }
}

function listOf({ scripts }: Package): string {
  return scripts.size === 0 ? '' : ` (it has: ${[...scripts.keys()].slice(0, 12).join(', ')})`;
}

/** As npm runs it: in the package's directory, with what it says about the package. */
function asScript(program: Program, name: string, { directory, name: packageName, version, scripts }: Package): Program {
  const said: [string, string | null][] = [
    ['npm_lifecycle_event', name],
    ['npm_package_name', packageName],
    ['npm_package_version', version],
  ];
  const known = said.filter((entry): entry is [string, string] => entry[1] !== null);
  const skipped = [`pre${name}`, `post${name}`].filter((other) => scripts.has(other));
  return {
    ...program,
    env: new Map([...known, ...program.env]),
    name: program.name ?? packageName?.replace(/^@[^/]*\//, '') ?? basename(directory),
    warnings: [...program.warnings, ...skipped.map((other) => `package.json: the script "${other}" is not run; run it yourself: npm run ${other}`)],
  };
}

/** The path as one would type it from `cwd`. */
export function shownPath(path: string, cwd: string): string {
  const inside = relative(cwd, path);
  return inside === '' || inside.startsWith('..') ? path : inside;
}

function startCommand({ script, args, nodeArgs, loader }: Program, cwd: string): string {
  const flags = [...(nodeArgs.length === 0 ? [] : ['--node-args', nodeArgs.join(' ')]), ...(loader === null ? [] : ['--interpreter', loader])];
  return typed(['lb', 'start', shownPath(script, cwd), ...flags, ...(args.length === 0 ? [] : ['--', ...args])]);
}
