import { appPath } from '../../client/request.ts';
import type { StopBody } from '../../protocol/control.ts';
import { JSON_STREAM_OPTION, NOW_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { runOperation } from '../operation.ts';
import { inStopOrder } from '../stop-order.ts';
import { forEachApp, refuseSlot } from '../targets.ts';
import { ONLY_OPTION } from '../resolve.ts';
import { daemonFor } from '../daemon-of.ts';

export const remove: Command = {
  operands: '<targets...>',
  description: 'Stops apps as "lb stop" does and removes their definitions. Log files stay.',
  options: [NOW_OPTION, ONLY_OPTION, JSON_STREAM_OPTION],
  exits: ['failed', 'notFound', 'daemon', 'aborted', 'interrupted'],
  examples: ['lb delete api', 'lb delete all', 'lb delete ecosystem.config.js --only api'],
  run,
};

async function run(context: Context): Promise<number> {
  const { channel } = await daemonFor(context, 'change');
  const body: StopBody = context.options['now'] === true ? { now: true } : {};
  try {
    return await forEachApp(context, channel, { ofAll: () => true, none: 'there are no apps', inOrder: inStopOrder }, async (app, slot) => {
      refuseSlot(context, app, slot);
      const { name } = app;
      await runOperation(context, channel, { title: `deletion of "${name}"`, method: 'DELETE', path: appPath(name), body });
    });
  } finally {
    channel.close();
  }
}
