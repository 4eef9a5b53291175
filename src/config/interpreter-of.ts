import { basename } from 'node:path';
import { LbError } from '../errors/lb-error.ts';
import type { ExternalCommand } from './command/external-command.ts';
import { loadScript } from './command/load-script.ts';
import { shownPath, type Program } from './command/resolve-command.ts';
import { LOADERS, type Loader } from './command/understand.ts';
import type { Interpreters } from './interpreter.ts';
import { DEFAULTS, type Settings } from './options.ts';
import { isExecutable } from './paths.ts';
import { foreignInterpreters } from './script.ts';

interface InterpretedApp {
  readonly name: string;
  readonly script: string;
  readonly cwd: string;
  readonly program?: Program;
  readonly external?: ExternalCommand;
  readonly command?: string;
}

interface Interpreting {
  readonly settings: Settings;
  /** Whether the interpreter was given, and where a relative path starts from. */
  readonly isGiven: boolean;
  readonly base: string;
  readonly interpreters: Interpreters;
  /** The app's. */
  readonly nodeOptions: string | undefined;
  /** The caller's `PATH`. */
  readonly path: string;
}

type Interpreted =
  | {
      readonly by: 'node';
      /** Null for the default one. */
      readonly interpreter: string | null;
      /** What the script needs beside the definition's own. */
      readonly nodeArgs: readonly string[];
    }
  /** It is a command. The interpreter, with its arguments; empty if the script runs by itself. */
  | { readonly by: 'runner'; readonly runner: readonly string[] };

/** Interpreters with which PM2 runs `npm` and shell lines. */
const OF_COMMANDS = new Set(['none', 'bash', 'sh']);

/** What runs an app, and with which arguments; what is wrong is added to `problems`. */
export async function interpreterOf(app: InterpretedApp, interpreting: Interpreting, problems: LbError[]): Promise<Interpreted> {
  const { program, name } = app;
  const { settings, base, interpreters } = interpreting;
  const nodeArgs = program?.nodeArgs ?? [];
  const wrong = ({ interpreter, reason }: Unusable): Interpreted => {
    problems.push(new LbError('LB_ERR_INTERPRETER', { app: name, interpreter, reason }));
    return { by: 'node', interpreter: null, nodeArgs };
  };
  const known = await knownRunner(app, interpreting);
  if (known !== null) return 'reason' in known ? wrong(known) : runBy(known.runner, settings);
  const loader = loaderOf(settings.interpreter, program);
  const isNodes = loader !== null || (program !== undefined && OF_COMMANDS.has(settings.interpreter));
  const interpreter = isNodes ? DEFAULTS.interpreter : settings.interpreter;
  const found = await interpreters.find(interpreter, base);
  if ('reason' in found) return wrong({ interpreter, reason: found.reason });
  if ('foreign' in found) return runBy([found.path], settings);
  const loaded = await loadArgs(app, loader, found.version, interpreting, problems);
  return { by: 'node', interpreter: interpreter === DEFAULTS.interpreter ? null : found.path, nodeArgs: [...nodeArgs, ...loaded] };
}

interface Unusable {
  readonly interpreter: string;
  readonly reason: string;
}

/** What runs an app that cannot be one of Node.js; null if it may be one. */
async function knownRunner(
  { program, external, script }: InterpretedApp,
  interpreting: Interpreting,
): Promise<{ runner: readonly string[] } | Unusable | null> {
  const { settings, isGiven, base, interpreters } = interpreting;
  if (external !== undefined) return isGiven && !OF_COMMANDS.has(settings.interpreter) ? null : { runner: external.runner };
  if (program !== undefined) return null;
  if (isGiven && settings.interpreter === 'none')
    return (await isExecutable(script)) ? { runner: [] } : { interpreter: 'none', reason: `${script} is not an executable file` };
  const [first, ...others] = isGiven ? [] : foreignInterpreters(script);
  if (first === undefined) return null;
  const path = await firstOf([first, ...others], interpreters, base);
  return path === null ? { interpreter: first, reason: 'it is not in PATH' } : { runner: [path] };
}

const runBy = (runner: readonly string[], { node_args }: Settings): Interpreted => ({
  by: 'runner',
  runner: runner.length === 0 ? [] : [...runner, ...node_args],
});

async function firstOf(names: readonly string[], interpreters: Interpreters, base: string): Promise<string | null> {
  for (const name of names) {
    const found = await interpreters.find(name, base);
    if ('path' in found) return found.path;
  }
  return null;
}

/** `--interpreter tsx` runs the script with Node.js too. */
const loaderOf = (interpreter: string, program: Program | undefined): Loader | null =>
  LOADERS.find((each) => each === basename(interpreter)) ?? program?.loader ?? null;

async function loadArgs(
  app: InterpretedApp,
  loader: Loader | null,
  version: string,
  interpreting: Interpreting,
  problems: LbError[],
): Promise<readonly string[]> {
  const { script, cwd, command, program } = app;
  const { settings, nodeOptions, path } = interpreting;
  const nodeArgs = [...settings.node_args, ...(program?.nodeArgs ?? []), ...(nodeOptions?.split(/\s+/) ?? [])];
  const loading = await loadScript({ script, cwd, loader, version, nodeArgs, path });
  if ('nodeArgs' in loading) return loading.nodeArgs;
  problems.push(new LbError('LB_ERR_COMMAND', { command: command ?? shownPath(script, cwd), reason: loading.reason, hint: loading.instead }));
  return [];
}
