import { connect } from '../../client/connect.ts';
import { appPath } from '../../client/request.ts';
import type { SignalBody } from '../../protocol/control.ts';
import { parseSignal } from '../../system/signals.ts';
import { JSON_STREAM_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { forEachTarget, runOperation } from '../operation.ts';
import { appNamed, fetchApps } from '../targets.ts';

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
  const { channel } = await connect(context.address);
  try {
    return await forEachTarget(context, [name], async () => {
      appNamed(await fetchApps(channel), name);
      await runOperation(context, channel, { title: `signal to "${name}"`, method: 'POST', path: appPath(name, 'signal'), body });
    });
  } finally {
    channel.close();
  }
}
