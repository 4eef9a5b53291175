import type { OptionDef } from './command.ts';

/** PM2 flags that existing scripts pass; accepted, and left out of the help. */
export const PM2_OPTIONS: readonly OptionDef[] = [
  // They switch off parts of PM2 that lb does not have.
  { flags: '--no-vizion', description: 'no effect', hidden: true },
  { flags: '--no-pmx', description: 'no effect', hidden: true },
  { flags: '--no-automation', description: 'no effect', hidden: true },
  { flags: '--trace', description: 'no effect', hidden: true },
  { flags: '--disable-trace', description: 'no effect', hidden: true },
  { flags: '--v8', description: 'no effect', hidden: true },
  { flags: '--event-loop-inspector', description: 'no effect', hidden: true },
  { flags: '--deep-monitoring', description: 'no effect', hidden: true },
];

/** PM2 locks an app while it reloads; `lb` queues what comes meanwhile, so there is no lock to ignore. */
export const NO_LOCK_OPTION: OptionDef = { flags: '-f, --force', description: 'no effect', hidden: true };

export const FORCE_OPTION: OptionDef = { flags: '-f, --force', description: 'start the script once more, under another name if its own is taken' };

/** The keys of these flags among the options. */
export const PM2_KEYS: readonly string[] = ['vizion', 'pmx', 'automation', 'trace', 'disableTrace', 'v8', 'eventLoopInspector', 'deepMonitoring', 'force'];

const FILES = 'put your settings into lb.config.js instead, see docs/configuration.md';
const MODULES = 'lb has no modules';
const METRICS = 'use "lb dashboard", "lb metrics" for Prometheus, or on_event in the config file';
const CLOUD = `lb has no cloud service: ${METRICS}`;
const DEPLOY = 'let your CI or git update the files, then run "lb reload <file>", which drops no request';
const DAEMON = 'the daemon handles no requests; "lb profile" and "lb report" look at a worker';
const STDIN = 'workers have no stdin; send a signal with "lb signal", or let the app listen on a socket';
const SERVICE = 'it belongs to "lb startup", which makes the service that starts apps at boot';
const HOME = 'set LB_HOME, if the home of lb is not ~/.lb of the user whom "lb startup -u" names';
const NETWORK = 'the service of "lb startup" waits for the network anyway';

/** PM2 commands that `lb` does not have, and what to do instead. */
const PM2_COMMANDS: Readonly<Record<string, string>> = {
  deepUpdate: 'run "npm install -g lb-supervisor", then "lb upgrade"',
  logrotate: 'lb rotates its logs by itself: log_max_size and log_keep; for the logrotate of the system there is "lb logs --reopen"',
  install: `${MODULES}; log rotation (pm2-logrotate) is built in: log_max_size and log_keep; metrics too: "lb metrics"`,
  uninstall: MODULES,
  publish: MODULES,
  package: MODULES,
  set: FILES,
  get: FILES,
  unset: FILES,
  multiset: FILES,
  conf: FILES,
  config: FILES,
  serve: 'lb serves no files; start a file server as an app: lb start "npx serve dist"',
  expose: 'lb serves no files; start a file server as an app: lb start "npx serve dist"',
  deploy: DEPLOY,
  pull: DEPLOY,
  forward: DEPLOY,
  backward: DEPLOY,
  create: 'run "lb init" for a config file',
  examples: 'see the examples at the end of "lb start --help"',
  trigger: 'let the app offer the action itself, over HTTP or as a signal: "lb signal SIGUSR2 <app>"',
  send: STDIN,
  attach: STDIN,
  link: CLOUD,
  unlink: CLOUD,
  plus: CLOUD,
  register: CLOUD,
  login: CLOUD,
  logout: CLOUD,
  open: 'use "lb dashboard"',
  unmonitor: CLOUD,
  autoinstall: CLOUD,
  dash: 'use "lb monit", or "lb dashboard" for a page in the browser',
  imonit: 'use "lb monit"',
  slist: 'use "lb monit --once", or "lb metrics" for Prometheus',
  sysinfos: 'use "lb monit --once", or "lb metrics" for Prometheus',
  inspect: 'start the app with --node-args="--inspect", or use "lb profile"',
  'profile:cpu': DAEMON,
  'profile:mem': DAEMON,
};

const AS_FILE = 'run "lb init" for a config file, or write what you pass here into one';
const OF_DOCKER = 'use "lb run" as the command of a container, see docs/commands.md';

/** PM2 flags that `lb` does not have, and what to do instead. */
const PM2_FLAGS: Readonly<Record<string, string>> = {
  '-u': SERVICE,
  '--user': SERVICE,
  '--hp': HOME,
  '--wait-ip': NETWORK,
  '--service-name': SERVICE,
  '--write': AS_FILE,
  '-x': 'use "--exec-mode fork"',
  '--execute-command': 'use "--exec-mode fork"',
  '--fresh': 'nothing is kept from an earlier start that would have to be left out',
  '--container': OF_DOCKER,
  '--dist': OF_DOCKER,
  '--image-name': OF_DOCKER,
  '--dockerdaemon': OF_DOCKER,
  '--node-version': 'use "--interpreter <path of that Node.js>"',
  '--daemon': 'apps of "lb start" run under the daemon anyway; "--no-daemon" stays in the foreground',
  '--ext': 'reload when your build has finished: lb reload <app>',
  '--secret': CLOUD,
  '--public': CLOUD,
  '--machine-name': CLOUD,
};

/** The answer to a PM2 flag that `lb` does not have; null for any other. */
export function pm2FlagAlternative(flag: string): string | null {
  return Object.hasOwn(PM2_FLAGS, flag) ? `lb has no option "${flag}": ${PM2_FLAGS[flag]}` : null;
}

/** The answer to a PM2 command that `lb` does not have; null for any other word. */
export function pm2Alternative(word: string): string | null {
  const known = word.startsWith('module:') ? 'install' : word;
  return Object.hasOwn(PM2_COMMANDS, known) ? `lb has no "${word}": ${PM2_COMMANDS[known]}` : null;
}
