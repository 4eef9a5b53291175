import { appPath } from '../../client/request.ts';
import { ON_FAILURE, type ReloadBody } from '../../protocol/control.ts';
import { JSON_STREAM_OPTION, UPDATE_ENV_OPTION, type Command } from '../command.ts';
import { ATTACH_OPTION } from '../attach.ts';
import type { Context } from '../context.ts';
import { runOperation } from '../operation.ts';
import { NO_LOCK_OPTION, PM2_OPTIONS } from '../pm2-habits.ts';
import { replaceApps } from '../replace.ts';
import { CONFIG_OPTIONS } from '../resolve.ts';
import { isRunning } from '../apps.ts';
import { forEachApp } from '../targets.ts';
import { milliseconds, numberOption, positiveInteger, textOption } from '../values.ts';
import { daemonFor } from '../daemon-of.ts';

export const reload: Command = {
  operands: '<targets...>',
  description:
    'Replaces the workers of apps, of "all", or of the apps of a config file, without dropping requests: each old worker drains only after its new one is ready and has survived the monitor window. If a new worker fails, or the first one fails requests where the old ones do not, the old ones keep serving and the command exits with 1.',
  options: [
    { flags: '--parallel <n>', description: 'number of workers to replace at the same time (default: 1)', parse: positiveInteger },
    {
      flags: '--monitor <duration>',
      description: 'how long a new worker must survive before its old one drains (default: that of the option canary, 1s)',
      parse: milliseconds,
    },
    { flags: '--on-failure <what>', description: 'what to do when a new worker fails (default: rollback)', choices: ON_FAILURE },
    { flags: '--all-at-once', description: 'start all new workers before any old one drains; after a failure the old version is still complete' },
    { flags: '--drop <listeners>', description: 'listeners that the new workers need not have, comma-separated: :9100, /run/api.sock' },
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
  return context.options['abort'] === true ? await abort(context) : await replaceApps(context, 'reload', bodyOf(context));
}

function bodyOf({ options }: Context): ReloadBody {
  const [parallel, monitorMs] = [numberOption(options, 'parallel'), numberOption(options, 'monitor')];
  const drop = textOption(options, 'drop');
  const onFailure = ON_FAILURE.find((choice) => choice === options['onFailure']);
  return {
    ...(parallel === undefined ? {} : { parallel }),
    ...(monitorMs === undefined ? {} : { monitorMs }),
    ...(onFailure === undefined ? {} : { onFailure }),
    ...(drop === undefined ? {} : { drop: drop.split(',') }),
    ...(options['allAtOnce'] === true ? { allAtOnce: true } : {}),
  };
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
