import { LbError } from '../errors/lb-error.ts';

/** First line of every unit: only what begins with it is overwritten or removed. */
export const UNIT_MARK = '# Written by "lb startup"';

/** What a unit runs. */
export type UnitJob =
  /** The daemon of a home, with every app that is defined there. */
  | { readonly kind: 'daemon'; readonly home: string }
  /** The apps of a config file with `lb run`, in a home of their own. */
  | { readonly kind: 'apps'; readonly file: string; readonly directory: string; readonly only: string | null; readonly profile: string | null };

export interface SystemdUnit {
  /** Without `.service`. */
  readonly name: string;
  /** The account of a unit of the system; null in the manager of a user. */
  readonly user: string | null;
  /** Absolute path of Node.js. */
  readonly node: string;
  /** Absolute path of `lb`, as a script for Node.js. */
  readonly program: string;
  readonly job: UnitJob;
  /** Also what a few apps may not stand. */
  readonly harden: boolean;
}

type Setting = readonly [key: string, value: string];
type Section = readonly [name: string, settings: readonly Setting[]];

const USUAL_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Asks for the drain, and waits for it also where the main process is no child of the manager, as after an upgrade. */
const DRAIN = `/bin/sh -c 'kill -TERM "$$MAINPID"; while kill -0 "$$MAINPID"; do sleep 0.1; done 2>/dev/null'`;

/** Capabilities that no server needs. They are dropped from root's apps, and from what setuid programs can gain. */
const NEVER_NEEDED = [
  ...['AUDIT_CONTROL', 'BLOCK_SUSPEND', 'LEASE', 'LINUX_IMMUTABLE', 'MAC_ADMIN', 'MAC_OVERRIDE'],
  ...['SYS_BOOT', 'SYS_MODULE', 'SYS_PACCT', 'SYS_RAWIO', 'SYS_TIME', 'SYS_TTY_CONFIG', 'WAKE_ALARM'],
];
/** What root's daemon needs: ports below 1024, apps of other users, and a look at the processes of root that have more. */
const OF_ROOT = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID', 'SYS_PTRACE', 'SYS_RESOURCE'];

/** The text of a unit for systemd 246 or newer. @throws LbError LB_ERR_USAGE for a path that a unit cannot contain */
export function systemdUnit(unit: SystemdUnit): string {
  const { job, user } = unit;
  const sections: readonly Section[] = [
    ['Unit', [['Description', literal(descriptionOf(unit))], ...order(unit), ['StartLimitIntervalSec', '0']]],
    [
      'Service',
      [
        ['Type', 'notify'],
        ['NotifyAccess', 'all'],
        ...(user === null ? [] : [['User', literal(user)] as const]),
        ...(job.kind === 'daemon' ? daemonSettings(unit, job.home) : appSettings(unit, job)),
        ['RestartSec', '1'],
        // Of a reload too, in which one app after the other is replaced. lb is ready within a minute by itself.
        ['TimeoutStartSec', 'infinity'],
        ['WatchdogSec', '60'],
        ['OOMPolicy', 'continue'],
        ['LimitNOFILE', '524288'],
        ['TasksMax', 'infinity'],
        ...hardening(unit),
      ],
    ],
    ['Install', [['WantedBy', user === null ? 'default.target' : 'multi-user.target']]],
  ];
  return `${UNIT_MARK}; "lb unstartup" removes it. Settings of your own: systemctl ${user === null ? '--user ' : ''}edit ${unit.name}\n\n${sections.map(sectionText).join('\n\n')}\n`;
}

const sectionText = ([name, settings]: Section): string => [`[${name}]`, ...settings.map(([key, value]) => `${key}=${value}`)].join('\n');

function descriptionOf({ job, user }: SystemdUnit): string {
  if (job.kind === 'daemon') return user === null ? 'lb, supervisor of Node.js apps' : `lb, supervisor of the Node.js apps of ${user}`;
  return `lb run ${job.file}${job.only === null ? '' : ` --only ${job.only}`}`;
}

/** The manager of a user knows no network, and starts when the home is there. */
function order({ user, job }: SystemdUnit): Setting[] {
  if (user === null) return [];
  return [
    ['Wants', 'network-online.target'],
    ['After', 'network-online.target'],
    ['RequiresMountsFor', word(job.kind === 'daemon' ? job.home : job.directory)],
  ];
}

function daemonSettings(unit: SystemdUnit, home: string): Setting[] {
  return [
    ...environment(unit, home),
    ['ExecStart', command(unit, ['daemon'])],
    ['ExecReload', command(unit, ['upgrade'])],
    ['ExecStop', DRAIN],
    ['Restart', 'always'],
    // The apps outlive the daemon. It ends them itself when it is stopped.
    ['KillMode', 'process'],
  ];
}

function appSettings(unit: SystemdUnit, { file, directory, only, profile }: Extract<UnitJob, { kind: 'apps' }>): Setting[] {
  const target = [file, ...(only === null ? [] : ['--only', only]), ...(profile === null ? [] : ['--env', profile])];
  return [
    ['WorkingDirectory', literal(directory)],
    ['StateDirectory', literal(unit.name)],
    ['StateDirectoryMode', '0700'],
    ...environment(unit, null),
    ['ExecStart', command(unit, ['run', ...target])],
    ['ExecReload', command(unit, ['reload', ...target])],
    ['Restart', 'on-failure'],
    ['KillMode', 'mixed'],
  ];
}

/** @param home null for the state directory of the unit */
function environment({ name, node }: SystemdUnit, home: string | null): Setting[] {
  const ofNode = node.slice(0, node.lastIndexOf('/'));
  return [
    ['Environment', quoted(home === null ? `LB_HOME=%S/${escaped(name)}` : escaped(`LB_HOME=${home}`))],
    // For hooks and loaders that call "node" or "lb", as under nvm.
    ...(USUAL_PATH.includes(ofNode) ? [] : [['Environment', quoted(escaped(`PATH=${[ofNode, ...USUAL_PATH].join(':')}`))] as const]),
  ];
}

function hardening({ user, harden }: SystemdUnit): Setting[] {
  const isOfSystem = user !== null;
  if (!harden) return isOfSystem ? [['CapabilityBoundingSet', `~${capabilities(NEVER_NEEDED)}`]] : [];
  const filters: readonly Setting[] = [
    ['NoNewPrivileges', 'yes'],
    ['LockPersonality', 'yes'],
    ['RestrictAddressFamilies', 'AF_UNIX AF_INET AF_INET6 AF_NETLINK'],
    ['RestrictNamespaces', 'yes'],
    ['RestrictRealtime', 'yes'],
    ['RestrictSUIDSGID', 'yes'],
    ['SystemCallArchitectures', 'native'],
    ['SystemCallFilter', '@system-service @pkey'],
    ['SystemCallErrorNumber', 'EPERM'],
  ];
  if (!isOfSystem) return [...filters];
  return [
    ['CapabilityBoundingSet', user === 'root' ? capabilities(OF_ROOT) : ''],
    ...filters,
    ['PrivateDevices', 'yes'],
    ['ProtectClock', 'yes'],
    ['ProtectControlGroups', 'yes'],
    ['ProtectHostname', 'yes'],
    ['ProtectKernelLogs', 'yes'],
    ['ProtectKernelModules', 'yes'],
    ['ProtectKernelTunables', 'yes'],
    ['ProtectProc', 'invisible'],
    ['ProtectSystem', 'full'],
  ];
}

const capabilities = (names: readonly string[]): string => names.map((name) => `CAP_${name}`).join(' ');

/** Of the first word, systemd replaces no variables. */
const command = ({ node, program }: SystemdUnit, words: readonly string[]): string =>
  [word(node), ...[program, ...words].map((each) => word(each, '$$$$'))].join(' ');

/** One word of a list: quoted if need be. @param dollar what stands for `$`, as a replacement of `String.replaceAll` */
function word(text: string, dollar = '$$'): string {
  const safe = escaped(text).replaceAll('$', dollar);
  return /^[\w@%+=:,./$-]+$/.test(safe) ? safe : quoted(safe);
}

const quoted = (safe: string): string => `"${safe}"`;
const escaped = (text: string): string => literal(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"');

/** The whole value of a setting that is not split into words. */
function literal(text: string): string {
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new LbError('LB_ERR_USAGE', { problem: `a unit of systemd cannot contain ${JSON.stringify(text)}` });
  return text.replaceAll('%', '%%');
}
