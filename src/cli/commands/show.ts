import { EXIT } from '../../errors/registry.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { terminalWidth } from '../io.ts';
import { showView } from '../output/show-view.ts';
import { fetchApps } from '../apps.ts';
import { chooseOne } from '../choose-with-files.ts';
import { daemonFor } from '../daemon-of.ts';

export const show: Command = {
  operands: '<app>',
  description: 'Shows everything about one app: its definition, addresses, workers, the last exits with their last stderr lines, and what blocks a drain.',
  options: [JSON_OPTION],
  exits: ['notFound', 'daemon'],
  examples: ['lb show api', "lb show api --json | jq '.workers[].pid'"],
  run,
};

async function run(context: Context): Promise<number> {
  const { channel } = await daemonFor(context, 'read');
  try {
    const { app } = await chooseOne(context, await fetchApps(channel));
    if (context.json) context.print(JSON.stringify(app));
    else context.io.stdout.write(showView(app, { width: terminalWidth(context.io.stdout), style: context.outStyle }));
    return EXIT.ok;
  } finally {
    channel.close();
  }
}
