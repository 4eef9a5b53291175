import { ON_FAILURE, type ReloadBody } from '../protocol/control.ts';
import type { OptionDef } from './command.ts';
import type { Context } from './context.ts';
import { milliseconds, numberOption, positiveInteger, textOption } from './values.ts';

/** How the workers of an app are replaced. */
export const ROLLOUT_OPTIONS: readonly OptionDef[] = [
  { flags: '--parallel <n>', description: 'number of workers to replace at the same time (default: 1)', parse: positiveInteger },
  {
    flags: '--monitor <duration>',
    description: 'how long a new worker must survive before its old one drains (default: that of the option canary, 1s)',
    parse: milliseconds,
  },
  { flags: '--on-failure <what>', description: 'what to do when a new worker fails (default: rollback)', choices: ON_FAILURE },
  { flags: '--all-at-once', description: 'start all new workers before any old one drains; after a failure the old version is still complete' },
  { flags: '--drop <listeners>', description: 'listeners that the new workers need not have, comma-separated: :9100, /run/api.sock' },
];

/** The request for a reload with these flags. */
export function rolloutOf({ options }: Context): ReloadBody {
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
