import { LbError } from '../../errors/lb-error.ts';
import { MAX_WEIGHT } from '../../lifecycle/app-spec.ts';
import type { WeightBody } from '../../protocol/control.ts';
import { orderApp } from '../app-order.ts';
import { JSON_STREAM_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';

export const weight: Command = {
  operands: '<app> <weights...>',
  description: `Changes the weights of slots, starting with the next connection: <slot>=<weight>, from 0 to ${MAX_WEIGHT}. With 0 a slot gets no new connections and keeps the ones it has. "lb list --workers" shows the weights.`,
  options: [JSON_STREAM_OPTION],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb weight api 3=0', 'lb weight api 0=0.1 1=1'],
  run,
};

async function run(context: Context): Promise<number> {
  const [name = '', ...words] = context.args;
  const body: WeightBody = { weights: words.map(parseWeight) };
  return orderApp(context, name, { title: 'weights of', route: 'weight', body: () => body });
}

/** `3=0.5`. @throws LbError LB_ERR_USAGE */
export function parseWeight(text: string): WeightBody['weights'][number] {
  const match = /^(\d{1,4})=(\d{1,3}(?:\.\d{1,6})?)$/.exec(text);
  const value = Number(match?.[2]);
  if (match === null || value > MAX_WEIGHT) {
    throw new LbError('LB_ERR_USAGE', { problem: `expected <slot>=<weight> with a weight from 0 to ${MAX_WEIGHT}, such as 3=0, got "${text}"` });
  }
  return { slot: Number(match[1]), weight: value };
}
