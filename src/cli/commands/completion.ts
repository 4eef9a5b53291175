import { EXIT } from '../../errors/registry.ts';
import { LbError } from '../../errors/lb-error.ts';
import { homePaths } from '../../system/paths.ts';
import type { Command } from '../command.ts';
import { completionScript, isShell, SHELLS, type Completed } from '../completion-script.ts';
import type { Context } from '../context.ts';
import { readSavedApps } from '../saved-apps.ts';

/** @param table every command */
export const completionOf = (table: readonly Completed[]): Command => ({
  operands: '<shell>',
  description: `Prints a completion script for ${SHELLS.join(', ')}: commands, their options, and the names of apps.`,
  options: [],
  exits: [],
  examples: ['source <(lb completion bash)', 'source <(lb completion zsh)', 'lb completion fish > ~/.config/fish/completions/lb.fish'],
  run: (context) => run(context, table),
});

/** `apps` is what the scripts ask for. */
async function run(context: Context, table: readonly Completed[]): Promise<number> {
  const [shell = ''] = context.args;
  if (shell === 'apps') {
    const { apps } = readSavedApps(homePaths(context.home).state);
    for (const { name } of apps) context.print(name);
    return EXIT.ok;
  }
  if (!isShell(shell)) {
    const problem = `expected one of ${SHELLS.join(', ')}, got "${shell}"; for this shell alone: source <(lb completion bash), and for all the same line in ~/.bashrc`;
    throw new LbError('LB_ERR_USAGE', { problem });
  }
  context.io.stdout.write(await completionScript(shell, table));
  return EXIT.ok;
}
