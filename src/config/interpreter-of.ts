import { basename } from 'node:path';
import { LbError } from '../errors/lb-error.ts';
import { loadScript } from './command/load-script.ts';
import { shownPath, type Program } from './command/resolve-command.ts';
import { LOADERS, type Loader } from './command/understand.ts';
import type { Interpreters } from './interpreter.ts';
import { DEFAULTS, type Settings } from './options.ts';
import { foreignInterpreter } from './script.ts';

interface InterpretedApp {
  readonly name: string;
  readonly script: string;
  readonly cwd: string;
  readonly program?: Program;
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

interface Interpreted {
  /** Null for the default one. */
  readonly interpreter: string | null;
  /** What the script needs beside the definition's own. */
  readonly nodeArgs: readonly string[];
}

/** Interpreters with which PM2 runs `npm` and shell lines. */
const OF_COMMANDS = new Set(['none', 'bash', 'sh']);

/** Which Node.js runs an app, and with which arguments; what is wrong is added to `problems`. */
export async function interpreterOf(app: InterpretedApp, interpreting: Interpreting, problems: LbError[]): Promise<Interpreted> {
  const { program, script, name } = app;
  const { settings, isGiven, base, interpreters } = interpreting;
  const loader = loaderOf(settings.interpreter, program);
  const interpreter = loader !== null || (program !== undefined && OF_COMMANDS.has(settings.interpreter)) ? DEFAULTS.interpreter : settings.interpreter;
  const nodeArgs = program?.nodeArgs ?? [];
  const wrong = (what: string, reason: string): Interpreted => {
    problems.push(new LbError('LB_ERR_INTERPRETER', { app: name, interpreter: what, reason }));
    return { interpreter: null, nodeArgs };
  };
  const foreign = isGiven ? undefined : foreignInterpreter(script);
  if (foreign !== undefined) return wrong(foreign, `${script} is not a Node.js script, and lb runs Node.js apps only`);
  const found = await interpreters.find(interpreter, base);
  if ('reason' in found) return wrong(interpreter, found.reason);
  const loaded = await loadArgs(app, loader, found.version, interpreting, problems);
  return { interpreter: interpreter === DEFAULTS.interpreter ? null : found.path, nodeArgs: [...nodeArgs, ...loaded] };
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
