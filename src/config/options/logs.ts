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
    doc: "file of the workers' stdout",
    notes: 'Relative to `cwd`. `"NULL"`, `/dev/null`, `null` or `false` writes no file; `lb logs` still shows the last lines.',
  }),
  error_file: option({
    group: 'Logs',
    kind: kinds.logPath,
    aliases: ['error', 'err', 'err_file', 'err_log'],
    flags: ['-e, --error <file>'],
    defaultText: '`$LB_HOME/logs/<name>-error.log`',
    doc: "file of the workers' stderr",
    notes: 'As `out_file`.',
  }),
  merge_logs: withDefault({
    group: 'Logs',
    kind: kinds.boolean,
    aliases: ['combine_logs'],
    flags: ['--merge-logs', '--no-merge-logs'],
    default: true,
    doc: 'all workers write to the same two files',
    notes: 'With `false` each worker has its own: `api-out.log` becomes `api-out-0.log`, `api-out-1.log`, …, which is what PM2 does by default.',
  }),
  log_max_size: withDefault({
    group: 'Logs',
    kind: kinds.bytes(1024),
    flags: ['--log-max-size <size>'],
    default: 10 * 1024 ** 2,
    doc: 'a log file is rotated when it reaches this size',
  }),
  log_keep: withDefault({
    group: 'Logs',
    kind: kinds.integer(0, 10_000),
    flags: ['--log-keep <n>'],
    default: 5,
    doc: 'rotated files kept beside the current one',
    notes: 'All but the newest are compressed with gzip.',
  }),
};
