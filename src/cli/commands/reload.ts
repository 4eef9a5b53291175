import { appPath } from '../../client/request.ts';
import { JSON_STREAM_OPTION, UPDATE_ENV_OPTION, type Command } from '../command.ts';
import { ATTACH_OPTION } from '../attach.ts';
import type { Context } from '../context.ts';
import { runOperation } from '../operation.ts';
import { NO_LOCK_OPTION, PM2_OPTIONS } from '../pm2-habits.ts';
import { replaceApps } from '../replace.ts';
import { CONFIG_OPTIONS } from '../resolve.ts';
import { isRunning } from '../apps.ts';
import { forEachApp } from '../targets.ts';
import { ROLLOUT_OPTIONS, rolloutOf } from '../rollout.ts';
import { daemonFor } from '../daemon-of.ts';

export const reload: Command = {
  operands: '<targets...>',
  description:
    'Replaces the workers of apps, of "all", or of the apps of a config file, while they serve: each old worker drains only after its new one is ready and has survived the monitor window. If a new worker fails, or the first one fails requests where the old ones do not, the old ones keep serving and the command exits with 1.',
  options: [
    ...ROLLOUT_OPTIONS,
    UPDATE_ENV_OPTION,
    ATTACH_OPTION,
    { flags: '--abort', description: 'cancel the running reload' },
    ...CONFIG_OPTIONS,
    JSON_STREAM_OPTION,
    ...PM2_OPTIONS,
    NO_LOCK_OPTION,
  ],
  exits: ['failed', 'notFound', 'daemon', 'aborted', 'interrupted'],
  examples: ['lb reload api', 'lb reload all --parallel 2', 'lb reload lb.config.js --env production', 'lb reload api --abort'],
  run,
};

async function run(context: Context): Promise<number> {
  return context.options['abort'] === true ? await abort(context) : await replaceApps(context, 'reload', rolloutOf(context));
}

async function abort(context: Context): Promise<number> {
  const { channel } = await daemonFor(context, 'change');
  try {
    return await forEachApp(context, channel, { ofAll: isRunning, none: 'no app is running' }, async ({ name }) => {
      await runOperation(context, channel, { title: `abort of "${name}"`, method: 'POST', path: appPath(name, 'abort') });
    });
  } finally {
    channel.close();
  }
}
