import { inspect } from 'node:util';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import type { AppSnapshot } from '../../protocol/snapshot.ts';
import { appsOrNone } from '../apps-or-none.ts';
import { chooseAll } from '../choose-with-files.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';

export const id: Command = {
  operands: '<app>',
  description: 'Prints the ids of the slots of an app, as "pm2 id" does: [ 0, 1 ], or [] if there is no such app.',
  options: [],
  exits: ['daemon'],
  examples: ['lb id api'],
  run: async (context) => {
    const ids = await idsOf(context, await appsOrNone(context, 'read'));
    context.print(inspect(ids, { breakLength: Infinity, compact: true, maxArrayLength: null }));
    return EXIT.ok;
  },
};

async function idsOf(context: Context, apps: readonly AppSnapshot[]): Promise<readonly number[]> {
  try {
    return (await chooseAll(context, apps, context.args)).flatMap(({ app: { ids = [] }, slot }) => (slot === null ? ids : ids.slice(slot, slot + 1)));
  } catch (error) {
    if (LbError.from(error).code === 'LB_ERR_APP_NOT_FOUND') return [];
    throw error;
  }
}
