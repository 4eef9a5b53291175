import { appPath } from '../../client/request.ts';
import type { Command } from '../command.ts';
import { forEachChosen } from '../each-app.ts';

export const reset: Command = {
  operands: '<targets...>',
  description: 'Sets the counters of restarts and recycled workers to 0, in "lb list" and "lb show". The totals of the metrics go on.',
  options: [],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb reset api', 'lb reset all'],
  run: (context) =>
    forEachChosen(context, async (channel, name) => {
      await channel.json(appPath(name, 'reset'), { method: 'POST' });
      return `${name}: counters are 0`;
    }),
};
