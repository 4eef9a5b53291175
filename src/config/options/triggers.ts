import { cronPattern } from '../extra-kinds.ts';
import * as kinds from '../kinds.ts';
import { ignorePatterns, watchPaths, watchTuning } from '../watch-kinds.ts';
import { option, withDefault } from './option.ts';

/** What starts or reloads an app without an operator. */
export const TRIGGER_OPTIONS = {
  cron_restart: withDefault({
    group: 'Cron and watch',
    kind: cronPattern,
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
  watch: withDefault({
    group: 'Cron and watch',
    kind: watchPaths,
    flags: ['--watch [paths]'],
    default: null,
    doc: 'reload the app when files change: those of `cwd`, or of these paths',
    notes:
      'Paths are relative to `cwd`. An app that runs is reloaded, without losing a request; if the new code does not start, the old one keeps serving. One that has ended or given up is started. Dot files and `node_modules` below a watched folder, and the log files of the app, are never watched; name a dot file to watch it. As a flag, separate several paths by commas, and put `--watch` alone after the script. See [lifecycle.md](lifecycle.md#cron-and-watch).',
  }),
  ignore_watch: withDefault<readonly string[]>({
    group: 'Cron and watch',
    kind: ignorePatterns,
    flags: ['--ignore-watch <pattern>'],
    default: [],
    doc: 'what `watch` ignores, such as `["logs", "*.tmp", "public/uploads"]`',
    notes:
      'A name without a slash is that of a file or folder at any depth, as in `.gitignore`; one with a slash is relative to `cwd`. `*`, `?`, `**` and `{a,b}` work as in a shell. A `RegExp`, or a string with a backslash, `^`, `$` or `|`, is a regular expression for the path below the watched folder, which begins with a slash.',
  }),
  watch_delay: withDefault({
    group: 'Cron and watch',
    kind: kinds.durationMs,
    flags: ['--watch-delay <time>'],
    default: 300,
    doc: 'how long no more files must change before the app is reloaded',
    notes: 'Changes that do not stop are acted upon after 10 s.',
  }),
  watch_options: option({
    group: 'Cron and watch',
    kind: watchTuning,
    defaultText: '`{}`',
    doc: 'options of chokidar, such as `{ usePolling: true }` for a network file system',
    notes: '`persistent`, `ignoreInitial`, `cwd`, `ignored`, `disableGlobbing` and `useFsEvents` have no effect.',
  }),
};
