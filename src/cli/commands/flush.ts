import { fromDaemon } from '../../client/parse-list.ts';
import { appPath } from '../../client/request.ts';
import { plural } from '../../lifecycle/wording.ts';
import { field, integer } from '../../protocol/parser.ts';
import type { Command } from '../command.ts';
import { forEachChosen } from '../each-app.ts';

const parseFiles = fromDaemon('answer', field('files', integer(0)));

export const flush: Command = {
  operands: '[targets...]',
  description: 'Empties the log files of some apps or of all, and removes the rotated ones. What the apps print from then on is written as usual.',
  options: [],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb flush', 'lb flush api'],
  run: (context) =>
    forEachChosen(context, async (channel, name) => {
      const files = parseFiles(await channel.json(appPath(name, 'flush'), { method: 'POST' }));
      return `${name}: ${plural(files, 'log file')} emptied`;
    }),
};
