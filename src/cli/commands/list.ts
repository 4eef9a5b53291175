import { connectIfRunning } from '../../client/connect.ts';
import { parseApps } from '../../client/parse.ts';
import { EXIT } from '../../errors/registry.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { listView } from '../output/list-view.ts';

export const list: Command = {
  operands: '',
  description: 'Shows all apps, stopped ones too, and under each what goes on right now: a running operation, what still keeps a worker from leaving, slots that do not run.',
  options: [JSON_OPTION],
  exits: ['daemon'],
  examples: ['lb list', "lb list --json | jq '.[].name'"],
  run,
};

async function run(context: Context): Promise<number> {
  const connection = await connectIfRunning(context.address);
  if (connection === null) {
    if (context.json) context.print('[]');
    context.note(`no daemon runs for ${context.home}: "lb start <script>" starts one`);
    return EXIT.ok;
  }
  const { channel } = connection;
  try {
    const apps = parseApps(await channel.json('/v1/apps'));
    if (context.json) context.print(JSON.stringify(apps));
    else {
      const { isTTY, columns } = context.io.stdout;
      context.io.stdout.write(listView(apps, { width: isTTY === true ? (columns ?? null) : null, style: context.outStyle }));
      if (apps.length === 0) context.note('no apps yet: "lb start <script>" starts one');
    }
    return EXIT.ok;
  } finally {
    channel.close();
  }
}
