import type { OptionDef } from './command.ts';
import type { Context } from './context.ts';

/** PM2 flags that existing scripts pass; accepted, and left out of the help. */
export const PM2_OPTIONS: readonly OptionDef[] = [
  // They switch off parts of PM2 that lb does not have.
  { flags: '--no-vizion', description: 'no effect', hidden: true },
  { flags: '--no-pmx', description: 'no effect', hidden: true },
  { flags: '--no-automation', description: 'no effect', hidden: true },
  { flags: '--no-treekill', description: 'not supported yet', hidden: true },
];

export const FORCE_OPTION: OptionDef = { flags: '-f, --force', description: 'start the script once more, under another name if its own is taken' };

/** The keys of these flags among the options. */
export const PM2_KEYS: readonly string[] = ['vizion', 'pmx', 'automation', 'treekill', 'force'];

/** Warns about a PM2 flag that has no effect but should. */
export function checkPm2Flags({ options, note, errStyle }: Context): void {
  if (options['treekill'] === false) note(`${errStyle('yellow', 'warning:')} command line: --no-treekill is not supported yet and is ignored`);
}

const SAVED = 'is not needed: every change is saved at once, and the next daemon starts the same apps again';
const NOT_SUPPORTED = 'is not supported';

/** PM2 commands that `lb` does not have, and what to do instead. */
const PM2_COMMANDS: Readonly<Record<string, string>> = {
  jlist: 'is not a command of lb; use "lb list --json"',
  prettylist: 'is not a command of lb; use "lb list --json"',
  save: SAVED,
  dump: SAVED,
  resurrect: SAVED,
  cleardump: 'is not needed: "lb delete all" removes the saved apps',
  startup: `${NOT_SUPPORTED}: lb installs no service; set up systemd as described in docs/commands.md under "lb daemon"`,
  unstartup: `${NOT_SUPPORTED}: lb installs no service`,
  init: 'is not a command of lb; write an lb.config.js as described in docs/configuration.md, or run "lb start <script>"',
  ecosystem: 'is not a command of lb; write an lb.config.js as described in docs/configuration.md, or run "lb start <script>"',
  reset: `${NOT_SUPPORTED}: counters and restarts cannot be reset`,
  flush: `${NOT_SUPPORTED}: log files are rotated by size, see log_max_size`,
  reloadLogs: 'is not a command of lb; use "lb logs --reopen"',
  deploy: NOT_SUPPORTED,
  serve: NOT_SUPPORTED,
  env: `${NOT_SUPPORTED}: use "lb report <app>", which contains the environment of a worker`,
  id: `${NOT_SUPPORTED}: apps have names, and workers have slots; see "lb list --workers"`,
  attach: NOT_SUPPORTED,
  trigger: NOT_SUPPORTED,
  link: `${NOT_SUPPORTED}: use "lb dashboard" or "lb metrics"`,
  install: `${NOT_SUPPORTED}: lb has no modules`,
};

/** The answer to a PM2 command that `lb` does not have; null for any other word. */
export function pm2Alternative(word: string): string | null {
  return Object.hasOwn(PM2_COMMANDS, word) ? `"${word}" ${PM2_COMMANDS[word]}` : null;
}
