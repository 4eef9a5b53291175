import { findScript } from '../script.ts';
import { isExecutable } from '../paths.ts';
import { findTool, headOf } from './project-files.ts';
import { shebang } from './program-file.ts';
import { readShellLine } from './shell-line.ts';

/** A program that is not Node.js, or whose script `lb` does not see: it runs as it is. */
export interface ExternalCommand {
  /** An interpreter, as an absolute path, with its arguments; empty if the script runs by itself. */
  readonly runner: readonly string[];
  /** Absolute. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env: ReadonlyMap<string, string>;
}

interface Given {
  /** What is to be run: a file, or the words of a command. */
  readonly line: string;
  /** The file that it names, if it names one. */
  readonly file: string | undefined;
  readonly args: readonly string[];
  readonly cwd: string;
  /** `PATH` */
  readonly path: string;
  readonly variables: (name: string) => string | undefined;
}

/** PM2 takes bash; where there is none, any shell will do. */
const SHELLS = ['bash', 'sh'];

/** What runs a command that `lb` does not look into; null if there is no such program. */
export async function externalCommand({ line, file, args, cwd, path, variables }: Given): Promise<ExternalCommand | null> {
  if (file !== undefined) return fileCommand(file, args, cwd, path);
  const read = readShellLine(line, variables);
  if ('operator' in read) return shellCommand(line, args, cwd, path);
  const [word, ...rest] = read.words;
  if (word === undefined) return null;
  const program = word.includes('/') ? await findScript(word, cwd) : await findTool(word, cwd, path);
  if (program === undefined) return null;
  const found = await fileCommand(program, [...rest, ...args], cwd, path);
  return found === null ? null : { ...found, env: read.env };
}

async function fileCommand(file: string, args: readonly string[], cwd: string, path: string): Promise<ExternalCommand | null> {
  const command = { script: file, args, env: new Map<string, string>() };
  if (await isExecutable(file)) return { ...command, runner: [] };
  const head = await headOf(file);
  const [program, ...options] = head.startsWith('#!') ? shebang(head) : [''];
  const interpreter = program === '' ? undefined : await findTool(program, cwd, path);
  return interpreter === undefined ? null : { ...command, runner: [interpreter, ...options] };
}

/** The arguments are words of the line, as they would be behind it in a shell. */
async function shellCommand(line: string, args: readonly string[], cwd: string, path: string): Promise<ExternalCommand | null> {
  for (const name of SHELLS) {
    const shell = await findTool(name, cwd, path);
    if (shell !== undefined) return { runner: [], script: shell, args: ['-c', [line, ...args.map(quoted)].join(' ')], env: new Map() };
  }
  return null;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
