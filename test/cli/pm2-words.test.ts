import { describe, expect, it } from 'vitest';
import { COMMANDS, commandNamed } from '../../src/cli/command-table.ts';
import { GLOBAL_OPTIONS } from '../../src/cli/command.ts';
import { lb } from './run.ts';

/** The words and flags of PM2's command line, and what becomes of each. */

const home = '/nonexistent';

/** The command of `lb` that a word of PM2 is. What they do is tested where those are. */
const WORKS: Readonly<Record<string, readonly string[]>> = {
  start: ['start'],
  startup: ['startup'],
  unstartup: ['unstartup'],
  stop: ['stop'],
  restart: ['restart', 'startOrRestart'],
  reload: ['reload', 'gracefulReload'],
  startOrReload: ['startOrReload', 'startOrGracefulReload'],
  delete: ['delete', 'del'],
  scale: ['scale'],
  reset: ['reset'],
  signal: ['sendSignal'],
  kill: ['kill'],
  ping: ['ping'],
  save: ['save', 'dump'],
  resurrect: ['resurrect'],
  cleardump: ['cleardump'],
  upgrade: ['update', 'updatePM2'],
  list: ['list', 'ls', 'l', 'ps', 'status'],
  jlist: ['jlist'],
  prettylist: ['prettylist'],
  show: ['describe', 'desc', 'info', 'show'],
  id: ['id'],
  pid: ['pid'],
  env: ['env'],
  report: ['report'],
  monit: ['monit', 'monitor'],
  dashboard: ['dashboard'],
  logs: ['logs', 'log'],
  flush: ['flush'],
  reloadLogs: ['reloadLogs'],
  init: ['init', 'ecosystem'],
  completion: ['completion'],
};

/** What is said to do instead, in one line. */
const INSTEAD: Readonly<Record<string, string>> = {
  deepUpdate: '"lb upgrade"',
  logrotate: 'log_max_size',
  install: 'log_max_size',
  'module:install': 'log_max_size',
  'module:update': 'log_max_size',
  'module:generate': 'no modules',
  uninstall: 'no modules',
  publish: 'no modules',
  package: 'no modules',
  set: 'lb.config.js',
  get: 'lb.config.js',
  unset: 'lb.config.js',
  multiset: 'lb.config.js',
  conf: 'lb.config.js',
  config: 'lb.config.js',
  serve: 'lb start "npx serve dist"',
  expose: 'lb start "npx serve dist"',
  deploy: '"lb reload <file>"',
  pull: '"lb reload <file>"',
  forward: '"lb reload <file>"',
  backward: '"lb reload <file>"',
  create: '"lb init"',
  examples: '"lb start --help"',
  trigger: '"lb signal SIGUSR2 <app>"',
  send: '"lb signal"',
  attach: '"lb signal"',
  link: '"lb dashboard"',
  unlink: '"lb dashboard"',
  plus: '"lb dashboard"',
  register: '"lb dashboard"',
  login: '"lb dashboard"',
  logout: '"lb dashboard"',
  open: '"lb dashboard"',
  unmonitor: '"lb dashboard"',
  autoinstall: '"lb dashboard"',
  dash: '"lb monit"',
  imonit: '"lb monit"',
  slist: '"lb monit --once"',
  sysinfos: '"lb monit --once"',
  inspect: '--inspect',
  'profile:mem': '"lb profile"',
  'profile:cpu': '"lb profile"',
};

describe('words', () => {
  it.each(Object.entries(WORKS).flatMap(([name, words]) => words.map((word) => [word, name] as const)))('%s is %s', async (word, name) => {
    expect(commandNamed(word)?.name).toBe(name);
    expect((await lb([word, '--help'], { home })).code).toBe(0);
  });

  it.each(Object.entries(INSTEAD))('%s says what to do instead: %s', async (word, text) => {
    const { code, out, err } = await lb([word, 'x'], { home });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`error: lb has no "${word}": `);
    expect(err).toContain(text);
    expect(err.trimEnd().split('\n')).toEqual([expect.any(String), 'hint: run "lb --help"']);
  });

  it('are answered by a command or a line, each by one', () => {
    const words = [...Object.values(WORKS).flat(), ...Object.keys(INSTEAD)];
    expect(new Set(words).size).toBe(words.length);
    for (const { name, hidden } of COMMANDS) if (hidden === true) expect(Object.keys(WORKS)).toContain(name);
  });
});

/** The commands that have a flag. */
const FLAGS: readonly (readonly [commands: string, ...flags: readonly string[]])[] = [
  ['start', '-n, --name', '--interpreter', '--interpreter-args', '--node-args', '-o, --output', '-e, --error', '--log-type', '-i, --instances'],
  ['start', '--shutdown-with-message', '-k, --kill-timeout', '--listen-timeout', '--max-memory-restart', '--restart-delay', '--exp-backoff-restart-delay'],
  ['start', '--max-restarts', '--cwd', '--no-daemon', '--wait-ready', '--merge-logs', '--no-autorestart', '--stop-exit-codes'],
  ['start restart reload', '--env', '--only', '-a, --update-env', '--attach', '-f, --force'],
  ['start restart reload', '--no-vizion', '--no-pmx', '--no-automation'],
  ['start restart reload', '--trace', '--disable-trace', '--v8', '--event-loop-inspector', '--deep-monitoring'],
  ['start', '--log', '--filter-env', '--log-date-format', '--time', '--disable-logs', '-p, --pid', '--namespace', '-c, --cron', '--cron-restart'],
  ['start', '--uid', '--gid'],
  ['start', '--source-map-support', '--disable-source-map-support', '--watch', '--ignore-watch', '--watch-delay', '--no-autostart', '--no-treekill'],
  ['restart reload', '--parallel'],
  ['startOrReload', '--env', '--only', '-a, --update-env', '-f, --force', '--parallel', '--no-vizion', '--no-pmx', '--no-automation', '--trace', '--v8'],
  ['stop delete', '--only'],
  ['startup unstartup', '-u', '--service-name'],
  ['save', '--force'],
  ['list', '-m, --mini-list', '--sort', '--watch'],
  ['logs', '--json', '--format', '--raw', '--err', '--out', '--lines', '--timestamp', '--nostream', '--highlight'],
];

const FLAGS_INSTEAD: Readonly<Record<string, string>> = {
  '-u': '"lb startup"',
  '--user': '"lb startup"',
  '--hp': 'LB_HOME',
  '--wait-ip': 'waits for the network',
  '--service-name': '"lb startup"',
  '--write': '"lb init"',
  '-x': '"--exec-mode fork"',
  '--execute-command': '"--exec-mode fork"',
  '--ext': 'lb reload <app>',
  '--fresh': 'nothing is kept',
  '--container': '"lb run"',
  '--dist': '"lb run"',
  '--image-name': '"lb run"',
  '--dockerdaemon': '"lb run"',
  '--node-version': '"--interpreter',
  '--daemon': '"--no-daemon"',
};

const flagsOf = async (command: string): Promise<ReadonlySet<string>> =>
  new Set(((await commandNamed(command)?.load())?.options ?? []).flatMap(({ flags }) => flags.match(/--?[\w-]+/g) ?? []));

describe('flags', () => {
  it.each(FLAGS.flatMap(([commands, ...flags]) => commands.split(' ').flatMap((command) => flags.map((flag) => [command, flag] as const))))(
    '%s takes %s',
    async (command, flag) => {
      const known = await flagsOf(command);
      for (const name of flag.split(', ')) expect([...known]).toContain(name);
    },
  );

  it.each(COMMANDS.map(({ name }) => name))('%s takes those of every command', async (name) => {
    const known = await flagsOf(name);
    for (const { flags } of GLOBAL_OPTIONS) for (const flag of flags.split(', ')) expect([...known]).not.toContain(flag);
    expect((await lb([name, '-s', '--no-color', '--help'], { home })).code).toBe(0);
  });

  it('--version', async () => {
    expect([(await lb(['-v'], { home })).code, (await lb(['--version'], { home })).code]).toEqual([0, 0]);
  });

  it.each(Object.entries(FLAGS_INSTEAD))('%s says what to do instead: %s', async (flag, text) => {
    const { code, err } = await lb(['start', 'x.js', flag, 'y'], { home });
    expect(code).toBe(2);
    expect(err).toContain(`error: lb has no option "${flag}": `);
    expect(err).toContain(text);
    expect(err.trimEnd().split('\n')).toHaveLength(2);
  });
});
