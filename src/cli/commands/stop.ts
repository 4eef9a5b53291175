import { appPath } from '../../client/request.ts';
import type { StopBody } from '../../protocol/control.ts';
import { JSON_STREAM_OPTION, NOW_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { runOperation } from '../operation.ts';
import { inStopOrder } from '../stop-order.ts';
import { forEachApp, refuseSlot } from '../targets.ts';
import { ONLY_OPTION } from '../resolve.ts';
import { daemonFor } from '../daemon-of.ts';

export const stop: Command = {
  operands: '<targets...>',
  description: 'Stops apps. Each worker first finishes its requests, for at most kill_timeout. The definition stays: "lb start <app>" starts the app again.',
  options: [NOW_OPTION, ONLY_OPTION, JSON_STREAM_OPTION],
  exits: ['failed', 'notFound', 'daemon', 'aborted', 'interrupted'],
  examples: ['lb stop api', 'lb stop all', "lb stop '/^worker-/'", 'lb stop api --now'],
  run,
};

async function run(context: Context): Promise<number> {
  const { channel } = await daemonFor(context, 'change');
  const body: StopBody = context.options['now'] === true ? { now: true } : {};
  const rules = { ofAll: (app: { state: string }) => app.state !== 'stopped', none: 'no app is running', inOrder: inStopOrder };
  try {
    return await forEachApp(context, channel, rules, async (app, slot) => {
      refuseSlot(context, app, slot);
      const { name } = app;
      await runOperation(context, channel, { title: `stop of "${name}"`, method: 'POST', path: appPath(name, 'stop'), body });
    });
  } finally {
    channel.close();
  }
}
