import { countInstances } from '../../config/instances.ts';
import { LbError } from '../../errors/lb-error.ts';
import { MAX_INSTANCES } from '../../lifecycle/app-spec.ts';
import type { ScaleBody } from '../../protocol/control.ts';
import { cpuBudget } from '../../system/cpu-budget.ts';
import { orderApp } from '../app-order.ts';
import { JSON_STREAM_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';

export const scale: Command = {
  operands: '<app> <workers>',
  description:
    'Sets the number of workers: n for an exact number, +n or -n for a change, max for one per available CPU. Scaling up starts workers; scaling down drains the highest slots. For an app with "scale" in its definition, a number turns autoscaling off and auto turns it on.',
  options: [JSON_STREAM_OPTION],
  exits: ['failed', 'notFound', 'daemon', 'aborted', 'interrupted'],
  examples: ['lb scale api 4', 'lb scale api +2', 'lb scale api -1', 'lb scale api max', 'lb scale api auto'],
  run,
};

async function run(context: Context): Promise<number> {
  const [word = '', amount = ''] = context.args;
  const body = parseAmount(amount);
  return orderApp(context, word, { title: 'scaling of', route: 'scale', body: () => body });
}

/** `4`, `+2`, `-1`, `max`, `auto`. @throws LbError LB_ERR_USAGE */
export function parseAmount(text: string): ScaleBody {
  if (text === 'auto') return { auto: true };
  if (text === 'max') return { to: countInstances('max', cpuBudget()) };
  const match = /^([+-]?)(\d{1,6})$/.exec(text);
  const number = Number(match?.[2] ?? 0);
  if (match === null || number === 0 || number > MAX_INSTANCES)
    throw new LbError('LB_ERR_USAGE', { problem: `expected a number of workers (up to ${MAX_INSTANCES}) such as 4, +2 or -1, or max, or auto, got "${text}"` });
  if (match[1] === '') return { to: number };
  return { by: match[1] === '-' ? -number : number };
}
