import { LbError } from '../../errors/lb-error.ts';
import { LONGEST_PROFILE_MS } from '../../protocol/profile.ts';
import { JSON_STREAM_OPTION, type Command, type OptionDef } from '../command.ts';
import type { Context } from '../context.ts';
import { takeProfile } from '../take-profile.ts';
import { milliseconds } from '../values.ts';

export const OUTPUT_OPTION: OptionDef = { flags: '-o, --output <file>', description: 'file to write (default: a new file in $LB_HOME/profiles)' };

export const profile: Command = {
  operands: '<app[:slot]>',
  description:
    'Takes a profile of one worker: of the given slot, or else of the busiest ready worker. The app needs no flag and no package for this. Prints the path of the file to stdout.',
  options: [
    { flags: '--cpu <time>', description: 'CPU profile over this time, such as 10s: shows where the worker spends its time', parse: duration },
    { flags: '--heap', description: 'heap snapshot; the worker is out of rotation meanwhile, and blocked while it writes' },
    {
      flags: '--heap-sampling <time>',
      description: 'sampling heap profile over this time: shows what allocated the memory that is still in use',
      parse: duration,
    },
    OUTPUT_OPTION,
    JSON_STREAM_OPTION,
  ],
  exits: ['failed', 'notFound', 'daemon', 'interrupted'],
  examples: ['lb profile api --cpu 10s', 'lb profile api:2 --heap --output before.heapsnapshot', 'lb profile api --heap-sampling 30s'],
  run,
};

async function run(context: Context): Promise<number> {
  const { cpu, heap, heapSampling } = context.options as { readonly cpu?: number; readonly heap?: boolean; readonly heapSampling?: number };
  const chosen = [
    ...(cpu === undefined ? [] : [{ what: 'cpu' as const, durationMs: cpu }]),
    ...(heap === undefined ? [] : [{ what: 'heap' as const }]),
    ...(heapSampling === undefined ? [] : [{ what: 'heap-sampling' as const, durationMs: heapSampling }]),
  ];
  const [body] = chosen;
  if (body === undefined || chosen.length > 1)
    throw new LbError('LB_ERR_USAGE', { problem: 'expected exactly one of --cpu <time>, --heap and --heap-sampling <time>' });
  return takeProfile(context, body);
}

function duration(text: string): number {
  const ms = milliseconds(text);
  if (ms >= 1 && ms <= LONGEST_PROFILE_MS) return ms;
  throw new Error('expected a duration of more than 0, at most 10m');
}
