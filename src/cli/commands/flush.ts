import { appPath, type Channel } from '../../client/request.ts';
import { plural } from '../../lifecycle/wording.ts';
import { fromDaemon } from '../../client/parse-list.ts';
import { field, integer } from '../../protocol/parser.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { daemonFor } from '../daemon-of.ts';
import { ALL } from '../choose.ts';
import { forEachApp } from '../targets.ts';

const parseFiles = fromDaemon('answer', field('files', integer(0)));
const RULES = { ofAll: () => true, none: 'there are no apps' };

export const flush: Command = {
  operands: '[targets...]',
  description: 'Empties the log files of some apps or of all, and removes the rotated ones. What the apps print from then on is written as usual.',
  options: [],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb flush', 'lb flush api'],
  run: (context) =>
    forEach(context, async (channel, name) => {
      const files = parseFiles(await channel.json(appPath(name, 'flush'), { method: 'POST' }));
      return `${name}: ${plural(files, 'log file')} emptied`;
    }),
};

export const reset: Command = {
  operands: '<targets...>',
  description: 'Sets the counters of restarts and recycled workers to 0, in "lb list" and "lb show". The totals of the metrics go on.',
  options: [],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb reset api', 'lb reset all'],
  run: (context) =>
    forEach(context, async (channel, name) => {
      await channel.json(appPath(name, 'reset'), { method: 'POST' });
      return `${name}: counters are 0`;
    }),
};

/** Does it for each app that was chosen, by default all, and prints what was done. */
async function forEach(context: Context, work: (channel: Channel, app: string) => Promise<string>): Promise<number> {
  const { channel } = await daemonFor(context, 'change');
  try {
    const args = context.args.length === 0 ? [ALL] : context.args;
    return await forEachApp({ ...context, args }, channel, RULES, async ({ name }) => {
      const message = await work(channel, name);
      if (!context.silent) context.print(message);
    });
  } finally {
    channel.close();
  }
}
