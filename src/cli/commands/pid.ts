import { EXIT } from '../../errors/registry.ts';
import { currentWorkers } from '../../lifecycle/current-workers.ts';
import type { AppSnapshot } from '../../protocol/snapshot.ts';
import { appsOrNone } from '../apps-or-none.ts';
import { ALL, type Chosen } from '../choose.ts';
import { chooseAll } from '../choose-with-files.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';

export const pid: Command = {
  operands: '[targets...]',
  description: 'Prints the pids of the workers of some apps or of all, one per line; nothing for what does not run.',
  options: [],
  exits: ['notFound', 'daemon'],
  examples: ['lb pid api', 'kill -USR2 $(lb pid 3)'],
  run,
};

async function run(context: Context): Promise<number> {
  const words = context.args.length === 0 ? [ALL] : context.args;
  const apps = await appsOrNone(context, 'read');
  for (const found of (await chooseAll(context, apps, words)).flatMap(pidsOf)) context.print(String(found));
  return EXIT.ok;
}

function pidsOf({ app, slot: only }: Chosen<AppSnapshot>): readonly number[] {
  return [...currentWorkers(app.workers)].filter(([slot]) => only === null || slot === only).map(([, worker]) => worker.pid);
}
