import { EXIT } from '../errors/registry.ts';
import { wallNow } from '../system/clock.ts';
import type { OptionDef } from './command.ts';
import type { Context } from './context.ts';

export const ATTACH_OPTION: OptionDef = { flags: '--attach', description: 'then follow the logs, from the beginning of this command on, until Ctrl-C' };

/** Called with each app that a command is about to change. */
export type Touched = (app: string) => void;

/** Does the work of a command and, with `--attach`, shows what its apps print from then on. */
export async function thenAttach(context: Context, work: (touched: Touched) => Promise<number>): Promise<number> {
  const since = wallNow();
  const names = new Set<string>();
  const code = await work((app) => names.add(app));
  if (context.options['attach'] !== true || code !== EXIT.ok) return code;
  const { logs } = await import('./commands/logs.ts');
  return await logs.run({ ...context, command: 'logs', args: [...names], options: { since, json: context.json } });
}
