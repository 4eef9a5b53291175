import { fetchEnv } from '../../client/env.ts';
import { EXIT } from '../../errors/registry.ts';
import { fetchApps } from '../apps.ts';
import { chooseOne } from '../choose-with-files.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { daemonFor } from '../daemon-of.ts';

export const env: Command = {
  operands: '<app>',
  description: 'Prints the environment in the definition of an app, which may contain secrets; of an id, with the variable of its slot.',
  options: [JSON_OPTION],
  exits: ['notFound', 'daemon'],
  examples: ['lb env api', 'lb env 3 --json | jq -r .PORT'],
  run,
};

async function run(context: Context): Promise<number> {
  const { channel } = await daemonFor(context, 'read');
  try {
    const { app, slot } = await chooseOne(context, await fetchApps(channel));
    const variables = { ...(await fetchEnv(channel, app.name)), ...(slot === null ? {} : { [app.spec.instanceVar]: String(slot) }) };
    if (context.json) context.print(JSON.stringify(variables));
    else for (const [name, value] of Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1))) context.print(`${name}: ${value}`);
    return EXIT.ok;
  } finally {
    channel.close();
  }
}
