import { JSON_STREAM_OPTION, type Command } from '../command.ts';
import { takeProfile } from '../take-profile.ts';
import { OUTPUT_OPTION } from './profile.ts';

export const report: Command = {
  operands: '<app[:slot]>',
  description:
    "Writes Node's diagnostic report of one worker: stack, heap, handles, resource usage, environment, versions. Uses the given slot, or else the busiest ready worker. Prints the path of the file to stdout.",
  options: [OUTPUT_OPTION, JSON_STREAM_OPTION],
  exits: ['failed', 'notFound', 'daemon', 'interrupted'],
  examples: ['lb report api', 'lb report api:1 --output report.json'],
  run: (context) => takeProfile(context, { what: 'report' }),
};
