import { typed } from '../config/command/shell-line.ts';
import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { Context } from './context.ts';

/** The command that gives an app whose name is taken another one; any other error as it is. */
export function advisingName(context: Context, target: string | undefined, apps: readonly AppSpec[], thrown: unknown): unknown {
  if (!(thrown instanceof LbError) || thrown.code !== 'LB_ERR_NAME_TAKEN') return thrown;
  const { app, other } = thrown.details;
  return thrown.advising(`give it a name of its own: ${commandNamed(context, target, String(other), apps.length > 1 ? String(app) : null)}`);
}

/** The command line of a start with another name, for this target alone. */
function commandNamed({ argv, args, command, appArgs }: Context, target: string | undefined, name: string, only: string | null): string {
  const end = argv.indexOf('--');
  const own = command === 'start' && args.length <= 1 ? withoutName(end < 0 ? argv : argv.slice(0, end)) : ['start', ...(target === undefined ? [] : [target])];
  return typed(['lb', ...own, ...(only === null ? [] : ['--only', only]), '-n', name, ...(appArgs.length === 0 ? [] : ['--', ...appArgs])]);
}

function withoutName(words: readonly string[]): string[] {
  return words.filter((word, index) => !/^(?:-n$|--name(?:=|$))/.test(word) && !/^(?:-n|--name)$/.test(words[index - 1] ?? ''));
}
