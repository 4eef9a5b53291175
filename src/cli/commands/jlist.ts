import { EXIT } from '../../errors/registry.ts';
import type { Command } from '../command.ts';
import { allProcesses } from '../pm2-processes.ts';

export const jlist: Command = {
  operands: '',
  description:
    'Prints one JSON array with an object per slot, in the shape of "pm2 jlist": on one line, ordered by id. For new scripts, "lb list --json" says more.',
  options: [],
  exits: ['daemon'],
  examples: [`lb jlist | jq -r '.[] | select(.name == "api") | .pm2_env.status'`],
  run: async (context) => {
    // Without a newline at the end, as PM2 prints it.
    context.io.stdout.write(JSON.stringify(await allProcesses(context)));
    return EXIT.ok;
  },
};
