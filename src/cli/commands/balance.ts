import { LbError } from '../../errors/lb-error.ts';
import { BALANCE_STRATEGIES } from '../../lifecycle/balance-strategy.ts';
import type { BalanceBody } from '../../protocol/control.ts';
import { orderApp } from '../app-order.ts';
import { JSON_STREAM_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';

export const balance: Command = {
  operands: '<app> <strategy>',
  description: `Changes the balancing strategy of an app, starting with the next connection: ${BALANCE_STRATEGIES.join(', ')}.`,
  options: [JSON_STREAM_OPTION],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb balance api least-connections', 'lb balance chat ip-hash'],
  run,
};

async function run(context: Context): Promise<number> {
  const [app = '', word = ''] = context.args;
  const strategy = BALANCE_STRATEGIES.find((known) => known === word);
  if (strategy === undefined) throw new LbError('LB_ERR_USAGE', { problem: `expected a strategy (${BALANCE_STRATEGIES.join(', ')}), got "${word}"` });
  return orderApp(context, app, { title: 'balancing of', route: 'balance', body: () => ({ strategy }) satisfies BalanceBody });
}
