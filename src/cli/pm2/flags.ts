import { LIST_NAMES } from '../listing.ts';

/** A flag of PM2, and what becomes of it. */
export interface Pm2Flag {
  /** Its long name. */
  readonly name: string;
  /** Whether the next word may or must belong to it. */
  readonly value: 'none' | 'optional' | 'required';
  /** The same in the words of `lb`. */
  readonly as: readonly string[];
  /** The words of PM2 with which it is passed on. With others it has no effect in PM2 either, unless it is a setting. */
  readonly passedTo: readonly string[] | 'all';
  /** It changes an app. */
  readonly isSetting: boolean;
}

/** Words that put new code in place, and with a file new definitions. */
export const REPLACING: readonly string[] = ['restart', 'reload', 'gracefulReload', 'startOrRestart', 'startOrReload', 'startOrGracefulReload'];
const SERVICE: readonly string[] = ['startup', 'unstartup'];

/** In commander's notation, `<>` and `[]` for a value. */
const SETTINGS: readonly string[] = [
  '-n, --name <>',
  '--interpreter <>',
  '--interpreter-args <>',
  '--node-args <>',
  '-o, --output <>',
  '-e, --error <>',
  '-l, --log []',
  '--filter-env []',
  '--log-type <>',
  '--log-date-format <>',
  '--time',
  '--disable-logs',
  '-i, --instances <>',
  '--shutdown-with-message',
  '-p, --pid <>',
  '-k, --kill-timeout <>',
  '--listen-timeout <>',
  '--max-memory-restart <>',
  '--restart-delay <>',
  '--exp-backoff-restart-delay <>',
  '--max-restarts []',
  '--uid <>',
  '--gid <>',
  '--namespace <>',
  '--cwd <>',
  '-c, --cron-restart <>',
  '--cron <>',
  '--source-map-support',
  '--disable-source-map-support',
  '--wait-ready',
  '--merge-logs',
  '--ignore-watch <>',
  '--watch-delay <>',
  '--no-autostart',
  '--no-autorestart',
  '--no-treekill',
  '--stop-exit-codes <>',
];

/** Refused by `lb`, which says what to do instead. */
const REFUSED: readonly string[] = ['--ext <>', '-w, --write', '--daemon', '--container', '--dist', '--dockerdaemon', '--image-name <>', '--node-version <>'];

/** Parts of PM2 that `lb` does not have, or that it does in any case. */
const WITHOUT_EFFECT: readonly string[] = [
  '--no-vizion',
  '--no-pmx',
  '--no-automation',
  '--trace',
  '--disable-trace',
  '--v8',
  '--event-loop-inspector',
  '--deep-monitoring',
  '--fresh',
  '--wait-ip',
  '--hp <>',
];

type Rest = Partial<Pick<Pm2Flag, 'as' | 'isSetting'>>;
const ROWS: readonly (readonly [notation: string, passedTo: Pm2Flag['passedTo'], rest?: Rest])[] = [
  ...[...SETTINGS, ...REFUSED].map((notation) => [notation, ['start'], { isSetting: true }] as const),
  ['-x, --execute-command', ['start'], { as: ['--exec-mode', 'fork'], isSetting: true }],
  ['--watch []', ['start', ...LIST_NAMES], { isSetting: true }],
  ['--no-daemon', ['start']],
  ['-f, --force', ['start']],
  ['-a, --update-env', ['start', ...REPLACING]],
  ['--attach', ['start', ...REPLACING]],
  ['--env <>', ['start', ...REPLACING]],
  ['--only <>', ['start', ...REPLACING, 'stop', 'delete', 'del']],
  ['--parallel <>', REPLACING],
  ['-m, --mini-list', LIST_NAMES],
  ['--sort <>', LIST_NAMES],
  ['-u, --user <>', SERVICE, { as: ['--account'] }],
  ['--service-name <>', SERVICE],
  ['-y, --yes', ['unstartup']],
  ['-s, --silent', 'all'],
  ['--no-color', 'all'],
  ...WITHOUT_EFFECT.map((notation) => [notation, []] as const),
];

/** The flags that PM2 takes with every word, by each of their names. A flag of one word alone is not here: it is the same in `lb`. */
export const PM2_FLAGS: ReadonlyMap<string, Pm2Flag> = new Map(
  ROWS.flatMap(([notation, passedTo, rest = {}]) => {
    const names = notation.match(/--?[\w-]+/g) ?? [];
    const name = names.at(-1) ?? '';
    const value = notation.endsWith('<>') ? 'required' : notation.endsWith('[]') ? 'optional' : 'none';
    const flag: Pm2Flag = { name, value, as: [name], passedTo, isSetting: false, ...rest };
    return names.map((each) => [each, flag] as const);
  }),
);
