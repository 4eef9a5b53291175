import { splitAssignments, type ShellLine } from './shell-line.ts';

/** A program that runs TypeScript in Node.js. */
export const LOADERS = ['tsx', 'ts-node'] as const;
export type Loader = (typeof LOADERS)[number];

/** What a command means, before any file is looked at. */
export type Meaning =
  /** Node.js runs a script. */
  | {
      readonly kind: 'node';
      readonly script: string;
      readonly args: readonly string[];
      readonly nodeArgs: readonly string[];
      readonly loader: Loader | null;
      readonly env: ReadonlyMap<string, string>;
    }
  /** A script of package.json; with `orTool`, otherwise a program of its dependencies. */
  | { readonly kind: 'package-script'; readonly name: string; readonly args: readonly string[]; readonly orTool: boolean }
  /** A program of the project's dependencies, or in PATH. */
  | { readonly kind: 'tool'; readonly name: string; readonly args: readonly string[] }
  /** There may be a Node.js script behind it, but it runs as it is. `instead` would supervise that script. */
  | { readonly kind: 'opaque'; readonly reason: string; readonly instead: string | null }
  /** It can't be run. */
  | { readonly kind: 'refused'; readonly reason: string; readonly instead: string | null };

export interface Understood {
  readonly env: ReadonlyMap<string, string>;
  readonly meaning: Meaning;
}

const MANAGERS = ['npm', 'yarn', 'pnpm'];
/** Only print less, or find no script. */
const QUIET = new Set(['-s', '--silent', '-q', '--quiet', '--if-present']);
/** Programs that start the server in a process of their own. */
const WRAPPERS: Readonly<Record<string, string>> = {
  nodemon: 'restarts the app when files change',
  'ts-node-dev': 'restarts the app when files change',
  tsnd: 'restarts the app when files change',
  concurrently: 'runs several programs',
  'npm-run-all': 'runs several programs',
  'run-p': 'runs several programs',
  'run-s': 'runs several programs',
  'cross-env-shell': 'runs a shell command line',
  dotenv: 'starts the app in another process; "lb start --env-file" reads the file instead',
  'env-cmd': 'starts the app in another process; "lb start --env-file" reads the file instead',
  turbo: 'starts the app in another process',
  nx: 'starts the app in another process',
  bun: 'is not Node.js',
  deno: 'is not Node.js',
};

/** Programs that would take the app away from `lb`. */
const MANAGERS_OF_PROCESSES = ['pm2', 'pm2-runtime', 'forever'];

/** Says what the words of a command mean. */
export function understand(words: readonly string[]): Understood {
  const { env, words: rest } = unwrapped(words);
  const [program = '', ...args] = rest;
  return { env, meaning: meaningOf(program, args) };
}

/** Takes `NAME=value`, `env`, `exec` and `cross-env` away from the front. */
function unwrapped(words: readonly string[]): ShellLine {
  const env = new Map<string, string>();
  let rest = words;
  for (;;) {
    const split = splitAssignments(rest);
    for (const [name, value] of split.env) env.set(name, value);
    const [program] = split.words;
    if (program !== 'cross-env' && program !== 'env' && program !== 'exec') return { env, words: split.words };
    rest = split.words.slice(1);
  }
}

function meaningOf(program: string, args: readonly string[]): Meaning {
  const name = program.includes('/') ? program.slice(program.lastIndexOf('/') + 1) : program;
  if (program === '') return refused('it names no program');
  if (name === 'node' || name === 'nodejs') return nodeMeaning(args, NODE);
  if (name === 'tsx') return args[0] === 'watch' ? watches('tsx watch', args.slice(1)) : nodeMeaning(args, TSX);
  if (name === 'ts-node' || name === 'ts-node-esm') return nodeMeaning(args, TS_NODE);
  if (MANAGERS.includes(program)) return managerMeaning(program, args);
  if (program === 'npx') return toolMeaning('npx', args);
  if (MANAGERS_OF_PROCESSES.includes(name)) return refused(`${name} is a process manager itself`, scriptAmong(args));
  const wrapper = WRAPPERS[name];
  if (wrapper !== undefined) return opaque(`${name} ${wrapper}`, scriptAmong(args));
  if (name === 'nest' && args[0] === 'start')
    return opaque('nest start builds the app and starts it in another process', '"nest build", then "lb start dist/main.js"');
  return { kind: 'tool', name: program, args };
}

const refused = (reason: string, instead: string | null = null): Meaning => ({ kind: 'refused', reason, instead });

const opaque = (reason: string, instead: string | null = null): Meaning => ({ kind: 'opaque', reason, instead });

const watches = (what: string, args: readonly string[]): Meaning => opaque(`${what} restarts the app when files change`, scriptAmong(args));

/** The command that starts the script among these arguments. */
function scriptAmong(args: readonly string[]): string | null {
  const script = args.find((arg) => !arg.startsWith('-') && /\.[cm]?[jt]s$/.test(arg));
  return script === undefined ? null : `lb start ${script}`;
}

function managerMeaning(manager: string, args: readonly string[]): Meaning {
  const [command, ...rest] = withoutQuiet(args);
  if (command === undefined) return refused(`${manager} needs the name of a script`, `lb start ${manager} -- start`);
  if (command.startsWith('-')) return opaque(`lb does not know the option ${command} of ${manager}`);
  if (command === 'run' || command === 'run-script') return scriptMeaning(manager, rest);
  if (command === 'exec' || command === 'x') return toolMeaning(`${manager} ${command}`, rest);
  if (command === 'start' || command === 'test') return packageScript(manager, command, rest, false);
  if (command === 'dlx') return opaque(`${manager} dlx installs a package and runs it in another process`);
  if (manager === 'npm') return refused(`npm ${command} does not run a script of package.json`, `lb start npm -- run ${command}`);
  return packageScript(manager, command, rest, true);
}

function scriptMeaning(manager: string, args: readonly string[]): Meaning {
  const [name, ...rest] = withoutQuiet(args);
  if (name === undefined) return refused(`${manager} run needs the name of a script`, `lb start ${manager} -- run start`);
  if (name.startsWith('-')) return opaque(`lb does not know the option ${name} of ${manager} run`);
  return packageScript(manager, name, rest, false);
}

/** npm passes on what follows `--` only, yarn and pnpm everything. */
function packageScript(manager: string, name: string, args: readonly string[], orTool: boolean): Meaning {
  const separator = args.indexOf('--');
  if (manager !== 'npm') return { kind: 'package-script', name, orTool, args: separator === 0 ? args.slice(1) : args };
  const passed =
    separator === -1
      ? args.filter((arg) => !arg.startsWith('-'))
      : [...args.slice(0, separator).filter((arg) => !arg.startsWith('-')), ...args.slice(separator + 1)];
  return { kind: 'package-script', name, orTool, args: passed };
}

function withoutQuiet(args: readonly string[]): readonly string[] {
  const first = args.findIndex((arg) => !QUIET.has(arg));
  return first === -1 ? [] : args.slice(first);
}

function toolMeaning(manager: string, args: readonly string[]): Meaning {
  const [first, ...rest] = args;
  if (first === '-y' || first === '--yes' || first === '--no' || first === '--no-install' || first === '--') return toolMeaning(manager, rest);
  if (first === undefined) return refused(`${manager} needs the name of a program`);
  if (first.startsWith('-')) return opaque(`lb does not know the option ${first} of ${manager}`);
  // `npx next@14`
  return meaningOf(first.replace(/(?<=.)@[^/]*$/, ''), rest);
}

interface NodeProgram {
  readonly loader: Loader | null;
  readonly title: string;
  /** Options with their value in the next word. */
  readonly takesValue: ReadonlySet<string>;
  /** Options that are environment variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whether other options are those of Node.js. */
  readonly passesOn: boolean;
}

const NODE_VALUES = ['-r', '--require', '--import', '--loader', '--experimental-loader', '-C', '--conditions', '--env-file', '--env-file-if-exists', '--title'];
const NODE: NodeProgram = { loader: null, title: 'node', takesValue: new Set(NODE_VALUES), variables: {}, passesOn: true };
const TSX: NodeProgram = {
  loader: 'tsx',
  title: 'tsx',
  takesValue: new Set([...NODE_VALUES, '--tsconfig']),
  variables: { '--tsconfig': 'TSX_TSCONFIG_PATH' },
  passesOn: true,
};
const TS_NODE: NodeProgram = {
  loader: 'ts-node',
  title: 'ts-node',
  takesValue: new Set(['-r', '--require', '-P', '--project']),
  variables: {
    '-T': 'TS_NODE_TRANSPILE_ONLY',
    '--transpile-only': 'TS_NODE_TRANSPILE_ONLY',
    '--transpileOnly': 'TS_NODE_TRANSPILE_ONLY',
    '--files': 'TS_NODE_FILES',
    '-P': 'TS_NODE_PROJECT',
    '--project': 'TS_NODE_PROJECT',
  },
  passesOn: false,
};
/** Options with which Node.js does not simply run a script. */
const NO_SCRIPT = new Set(['-e', '--eval', '-p', '--print', '-c', '--check', '-i', '--interactive', '--test', '--run', '-v', '--version', '-h', '--help']);

function nodeMeaning(args: readonly string[], program: NodeProgram): Meaning {
  const nodeArgs: string[] = [];
  const env = new Map<string, string>();
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? '';
    if (!word.startsWith('-')) return { kind: 'node', script: word, args: args.slice(index + 1), nodeArgs, loader: program.loader, env };
    const [option = word, given] = word.split(/=(.*)/s, 2);
    const problem = problemOf(option, program, args.slice(index + 1));
    if (problem !== null) return problem;
    const isSplit = given === undefined && program.takesValue.has(option);
    const value = isSplit ? args[++index] : given;
    const variable = program.variables[option];
    if (variable !== undefined) env.set(variable, value ?? 'true');
    else if (word !== '--') nodeArgs.push(word, ...(isSplit ? [value ?? ''] : []));
  }
  return refused(`${program.title} is given no script`, 'lb start <script>');
}

function problemOf(option: string, { title, variables, passesOn, takesValue }: NodeProgram, rest: readonly string[]): Meaning | null {
  if (option === '--watch' || option === '--watch-path') return watches(`${title} ${option}`, rest);
  if (NO_SCRIPT.has(option)) return opaque(`${title} ${option} runs no script file`);
  const isKnown = passesOn || option === '--' || takesValue.has(option) || variables[option] !== undefined;
  return isKnown ? null : opaque(`lb does not know the option ${option} of ${title}`);
}
