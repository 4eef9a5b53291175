import type { LbError } from '../errors/lb-error.ts';
import type { WorkerKind } from '../lifecycle/app-spec.ts';
import type { OptionKey, Settings } from './options.ts';
import { valueError, type Origin } from './read-values.ts';

/** Options that only work with Node.js workers, whose listening sockets belong to the primary. */
const NODE_ONLY: readonly OptionKey[] = [
  'balance',
  'weights',
  'backup',
  'max_conns',
  'max_queue',
  'hand_off_share',
  'slow_start',
  'ip_hash_prefix_v4',
  'ip_hash_prefix_v6',
  'proxy_protocol',
  'ejection',
  'canary',
  'max_requests',
  'prom_client',
  'drain_idle',
];

/** Options without effect on a command; PM2 accepts them there, too. */
const IGNORED: readonly OptionKey[] = ['wait_ready', 'shutdown_with_message', 'ipc', 'source_map_support'];

interface OfKind {
  readonly name: string;
  readonly settings: Settings;
  readonly isGiven: (key: OptionKey) => boolean;
  readonly originOf: (key: OptionKey) => Origin;
  /** An interpreter runs its script. */
  readonly hasRunner: boolean;
  /** Its `PORT`. */
  readonly port: string | undefined;
}

interface Misplaced {
  readonly problems: readonly LbError[];
  readonly warnings: readonly string[];
}

/** Which of the given options an app of this kind cannot have. */
export function optionsOfKind(kind: WorkerKind, app: OfKind): Misplaced {
  const { settings, isGiven, originOf, name } = app;
  const misplaced = (kind === 'command' ? ofCommand(app) : ofNode(app)).filter(([key]) => isGiven(key) && isOn(settings[key]));
  const problems = misplaced.map(([key, expected]) => valueError(originOf(key), expected, JSON.stringify(settings[key])));
  const ignored = kind === 'command' ? IGNORED.filter((key) => isGiven(key) && isOn(settings[key])) : [];
  return { problems, warnings: ignored.map((key) => `${name}: ${key} has no effect on a command`) };
}

/** The options that are wrong if they are given, and what is expected instead. */
type Wrong = readonly (readonly [key: OptionKey, expected: string])[];

const ONLY_FOR_COMMANDS: Wrong = [
  ['socket', 'nothing for a Node.js app, whose sockets lb holds in any case'],
  ['ready_when', 'nothing for a Node.js app, which is ready when it listens, or with wait_ready'],
];

const ofNode = ({ settings: { health } }: OfKind): Wrong =>
  health?.command == null ? ONLY_FOR_COMMANDS : [...ONLY_FOR_COMMANDS, ['health', 'a path or a port for a Node.js app; a command is for other programs']];

function ofCommand({ settings, hasRunner, port }: OfKind): Wrong {
  const { socket, ready_when: when, exec_mode, scale, health } = settings;
  const isAsked = health !== null && health.command === null;
  const isAnsweredBefore = isOn(socket) && (when?.by === 'port' || when?.by === 'path');
  const rules: readonly (readonly [isWrong: boolean, ...Wrong[number]])[] = [
    [
      isAnsweredBefore,
      'ready_when',
      'a command or a file with socket: the port is answered by the old process, and by the kernel, before the new one is ready',
    ],
    [isAsked && isOn(socket), 'health', 'a check with a command beside socket, whose port is answered by the kernel, and by the old process during a reload'],
    [isAsked && health.port === null && !/^\d+$/.test(port ?? ''), 'health', 'a check with a port or a command, since no PORT is known'],
    [exec_mode?.startsWith('cluster') === true, 'exec_mode', '"fork" for a command: only Node.js apps can be clusters'],
    [scale !== null && scale.target.metric !== 'cpu', 'scale', 'the target cpu for a command'],
    [settings.node_args.length > 0 && !hasRunner, 'node_args', 'nothing for a program without an interpreter'],
  ];
  return [
    ...NODE_ONLY.map((key) => [key, 'nothing for a command, whose connections lb does not see'] as const),
    ...rules.flatMap(([isWrong, key, expected]) => (isWrong ? [[key, expected] as const] : [])),
  ];
}

const isOn = (value: unknown): boolean => value !== undefined && value !== null && value !== false && value !== 'none';
