import type { LbError } from '../errors/lb-error.ts';
import type { WorkerKind } from '../lifecycle/app-spec.ts';
import type { OptionKey, Settings } from './options.ts';
import { valueError, type Origin } from './read-values.ts';

/** What needs Node.js, or that the primary has the app's sockets. */
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
  'health',
  'ejection',
  'canary',
  'max_requests',
  'prom_client',
  'drain_idle',
];

/** Those that PM2 takes and ignores too. */
const IGNORED: readonly OptionKey[] = ['wait_ready', 'shutdown_with_message', 'ipc'];

interface OfKind {
  readonly name: string;
  readonly settings: Settings;
  readonly isGiven: (key: OptionKey) => boolean;
  readonly originOf: (key: OptionKey) => Origin;
  /** An interpreter runs its script. */
  readonly hasRunner: boolean;
}

interface Misplaced {
  readonly problems: readonly LbError[];
  readonly warnings: readonly string[];
}

/** Which of the given options an app of this kind cannot have. */
export function optionsOfKind(kind: WorkerKind, app: OfKind): Misplaced {
  const { settings, isGiven, originOf, name } = app;
  const problems: LbError[] = [];
  const wrong = (key: OptionKey, expected: string): void => void problems.push(valueError(originOf(key), expected, JSON.stringify(settings[key])));
  if (kind !== 'command') {
    if (isGiven('socket') && isOn(settings.socket)) wrong('socket', 'nothing for a Node.js app, whose sockets lb holds in any case');
    if (isGiven('ready_when')) wrong('ready_when', 'nothing for a Node.js app, which is ready when it listens, or with wait_ready');
    return { problems, warnings: [] };
  }
  for (const key of NODE_ONLY) if (isGiven(key) && isOn(settings[key])) wrong(key, 'nothing for a command, whose connections lb does not see');
  const { socket, ready_when: when } = settings;
  if (socket !== undefined && socket !== null && (when?.by === 'port' || when?.by === 'path'))
    wrong('ready_when', 'a command or a file with socket: the port is answered by the old process, and by the kernel, before the new one is ready');
  if (settings.exec_mode?.startsWith('cluster') === true) wrong('exec_mode', '"fork" for a command: only Node.js apps can be clusters');
  if (settings.scale !== null && settings.scale.target.metric !== 'cpu') wrong('scale', 'the target cpu for a command');
  if (isGiven('node_args') && settings.node_args.length > 0 && !app.hasRunner) wrong('node_args', 'nothing for a program without an interpreter');
  const ignored = IGNORED.filter((key) => isGiven(key) && isOn(settings[key]));
  return { problems, warnings: ignored.map((key) => `${name}: ${key} has no effect on a command`) };
}

const isOn = (value: unknown): boolean => value !== undefined && value !== null && value !== false && value !== 'none';
