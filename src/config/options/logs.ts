import { LOG_TYPES, type LogType } from '../../lifecycle/app-spec.ts';
import { combinedLog } from '../extra-kinds.ts';
import * as kinds from '../kinds.ts';
import { option, withDefault } from './option.ts';

/** Where the workers' output goes. */
export const LOG_OPTIONS = {
  out_file: option({
    group: 'Logs',
    kind: kinds.logPath,
    aliases: ['out', 'output', 'out_log'],
    flags: ['-o, --output <file>'],
    defaultText: '`$LB_HOME/logs/<name>-out.log`',
    doc: "file for the workers' stdout",
    notes:
      'Relative to `cwd`. `"NULL"`, `/dev/null`, `null` or `false` writes no file; `lb logs` still shows the last lines. `"journal"` sends the output to journald through `systemd-cat`, `"syslog"` to syslog through `logger`; a file of that name is `"./journal"`. See docs/logs.md.',
  }),
  error_file: option({
    group: 'Logs',
    kind: kinds.logPath,
    aliases: ['error', 'err', 'err_file', 'err_log'],
    flags: ['-e, --error <file>'],
    defaultText: '`$LB_HOME/logs/<name>-error.log`',
    doc: "file for the workers' stderr",
    notes: 'Works like `out_file`.',
  }),
  merge_logs: withDefault({
    group: 'Logs',
    kind: kinds.boolean,
    aliases: ['combine_logs'],
    flags: ['--merge-logs', '--no-merge-logs'],
    default: true,
    doc: 'write the logs of all workers to the same two files',
    notes: 'With `false`, each worker has its own files: `api-out.log` becomes `api-out-0.log`, `api-out-1.log`, and so on, as in PM2 by default.',
  }),
  log_type: withDefault<LogType>({
    group: 'Logs',
    kind: kinds.oneOf(LOG_TYPES),
    flags: ['--log-type <type>'],
    default: 'text',
    doc: 'how lines are written: `text` as they are, `json` as objects',
    notes: 'With `json`, each line is an object with `message`, `timestamp`, `type`, `process_id` (the slot) and `app_name`. See docs/logs.md.',
  }),
  log_file: withDefault({
    group: 'Logs',
    kind: combinedLog,
    aliases: ['log'],
    flags: ['-l, --log [file]'],
    default: null,
    doc: 'one more file, for stdout and stderr together',
    notes: 'Written as well as `out_file` and `error_file`, by all workers. Relative to `cwd`.',
  }),
  disable_logs: withDefault({
    group: 'Logs',
    kind: kinds.boolean,
    flags: ['--disable-logs'],
    default: false,
    doc: 'write no log files at all',
    notes: '`lb logs` still shows the last lines.',
  }),
  log_date_format: option({
    group: 'Logs',
    kind: kinds.string,
    flags: ['--log-date-format <format>'],
    defaultText: 'none',
    doc: 'write the time before each line, in this format of dayjs, such as `YYYY-MM-DD HH:mm:ss.SSS`',
    notes:
      'The line follows after a colon and a blank, as in PM2. `lb logs` knows the time of each line also without it. No effect with `log_type: "json"`, which has a `timestamp`.',
  }),
  time: withDefault({
    group: 'Logs',
    kind: kinds.boolean,
    flags: ['--time'],
    default: false,
    doc: 'short for `log_date_format: "YYYY-MM-DDTHH:mm:ss"`',
  }),
  log_max_size: withDefault({
    group: 'Logs',
    kind: kinds.bytes(1024),
    flags: ['--log-max-size <size>'],
    default: 10 * 1024 ** 2,
    doc: 'size at which a log file is rotated',
  }),
  log_keep: withDefault({
    group: 'Logs',
    kind: kinds.integer(0, 10_000),
    flags: ['--log-keep <n>'],
    default: 5,
    doc: 'number of rotated files to keep',
    notes: 'All but the newest rotated file are compressed with gzip.',
  }),
};
