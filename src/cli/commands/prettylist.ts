import { inspect } from 'node:util';
import { EXIT } from '../../errors/registry.ts';
import type { Command } from '../command.ts';
import { allProcesses } from '../pm2-processes.ts';

export const prettylist: Command = {
  operands: '',
  description: 'Prints what "lb jlist" prints, in readable form.',
  options: [],
  exits: ['daemon'],
  examples: ['lb prettylist'],
  run: async (context) => {
    context.print(inspect(await allProcesses(context), { depth: null, maxArrayLength: null }));
    return EXIT.ok;
  },
};
