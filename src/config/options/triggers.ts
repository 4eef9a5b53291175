import * as kinds from '../kinds.ts';
import { option, withDefault } from './option.ts';

/** What starts or reloads an app without an operator. */
export const TRIGGER_OPTIONS = {
  cron_restart: withDefault({
    group: 'Cron and watch',
    kind: kinds.cronPattern,
    aliases: ['cron'],
    flags: ['-c, --cron-restart <pattern>', '--cron <pattern>'],
    default: null,
    doc: 'start the app again, or reload it, at these times, such as `0 3 * * *`',
    notes:
      'An app that has ended is started; one that runs is reloaded, without losing a request. With `autorestart: false` and no listener it is a job: a tick while its last run still runs is skipped, with an event. Ticks that the machine slept through are not made up. `lb stop` turns it off until the next start; it survives reboots and upgrades. See [lifecycle.md](lifecycle.md#cron-and-watch).',
  }),
  cron_timezone: option({
    group: 'Cron and watch',
    kind: kinds.string,
    flags: ['--cron-timezone <zone>'],
    defaultText: 'that of the machine',
    doc: 'time zone of `cron_restart`, such as `Europe/Berlin`',
  }),
};
