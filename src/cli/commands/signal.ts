import type { SignalBody } from '../../protocol/control.ts';
import { parseSignal } from '../../system/signals.ts';
import { orderApp } from '../app-order.ts';
import { JSON_STREAM_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';

export const signal: Command = {
  operands: '<signal> <app>',
  description: 'Sends a signal to every worker of an app: SIGUSR2, usr2 and 12 are the same.',
  options: [JSON_STREAM_OPTION],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb signal SIGUSR2 api', 'lb signal hup api'],
  run,
};

async function run(context: Context): Promise<number> {
  const [word = '', name = ''] = context.args;
  const body: SignalBody = { signal: parseSignal(word) };
  return orderApp(context, name, { title: 'signal to', route: 'signal', body });
}
