import { inspect } from 'node:util';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import { currentWorkers } from '../../lifecycle/current-workers.ts';
import type { AppSnapshot } from '../../protocol/snapshot.ts';
import { fetchApps } from '../apps.ts';
import { ALL, choose, type Chosen } from '../choose.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { reachedDaemon } from '../daemon-of.ts';

export const pid: Command = {
  operands: '[targets...]',
  description: 'Prints the pids of the workers of some apps or of all, one per line; nothing for what does not run.',
  options: [],
  exits: ['notFound', 'daemon'],
  examples: ['lb pid api', 'kill -USR2 $(lb pid 3)'],
  run: async (context) => {
    const words = context.args.length === 0 ? [ALL] : context.args;
    const apps = await appsOf(context);
    for (const word of words) for (const chosen of choose(apps, word).chosen) for (const found of pidsOf(chosen)) context.print(String(found));
    return EXIT.ok;
  },
};

export const id: Command = {
  operands: '<app>',
  description: 'Prints the ids of the slots of an app, as "pm2 id" does: [ 0, 1 ], or [] if there is no such app.',
  options: [],
  exits: ['daemon'],
  examples: ['lb id api'],
  run: async (context) => {
    context.print(inspect(idsOf(await appsOf(context), context.args[0] ?? ''), { breakLength: Infinity, maxArrayLength: null }));
    return EXIT.ok;
  },
};

/** None without a daemon. */
async function appsOf(context: Context): Promise<readonly AppSnapshot[]> {
  const connection = await reachedDaemon(context, 'read');
  if (connection === null) return [];
  try {
    return await fetchApps(connection.channel);
  } finally {
    connection.channel.close();
  }
}

function pidsOf({ app, slot: only }: Chosen<AppSnapshot>): readonly number[] {
  return [...currentWorkers(app.workers)].filter(([slot]) => only === null || slot === only).map(([, worker]) => worker.pid);
}

function idsOf(apps: readonly AppSnapshot[], word: string): readonly number[] {
  try {
    return choose(apps, word).chosen.flatMap(({ app: { ids = [] }, slot }) => (slot === null ? ids : ids.slice(slot, slot + 1)));
  } catch (error) {
    if (LbError.from(error).code === 'LB_ERR_APP_NOT_FOUND') return [];
    throw error;
  }
}
