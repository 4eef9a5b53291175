import type { RestartBody } from '../../protocol/control.ts';
import { JSON_STREAM_OPTION, NOW_OPTION, UPDATE_ENV_OPTION, type Command } from '../command.ts';
import { ATTACH_OPTION } from '../attach.ts';
import type { Context } from '../context.ts';
import { NO_LOCK_OPTION, PM2_OPTIONS } from '../pm2-habits.ts';
import { replaceApps } from '../replace.ts';
import { CONFIG_OPTIONS } from '../resolve.ts';
import { numberOption, positiveInteger } from '../values.ts';

export const restart: Command = {
  operands: '<targets...>',
  description:
    'Stops apps, "all", or the apps of a config file, and starts them again. Connections wait in between. Use it for apps whose old and new version cannot run side by side, and "lb reload" for all others.',
  options: [
    NOW_OPTION,
    { flags: '--parallel <n>', description: 'number of apps to restart at the same time (default: 1)', parse: positiveInteger },
    UPDATE_ENV_OPTION,
    ATTACH_OPTION,
    ...CONFIG_OPTIONS,
    JSON_STREAM_OPTION,
    ...PM2_OPTIONS,
    NO_LOCK_OPTION,
  ],
  exits: ['failed', 'notFound', 'daemon', 'aborted', 'interrupted'],
  examples: ['lb restart api', 'lb restart all', 'lb restart lb.config.js'],
  run,
};

async function run(context: Context): Promise<number> {
  const body: RestartBody = context.options['now'] === true ? { now: true } : {};
  return await replaceApps(context, 'restart', body, numberOption(context.options, 'parallel'));
}
