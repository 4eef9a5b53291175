import { LbError } from '../../errors/lb-error.ts';
import { isObject } from '../../protocol/parser.ts';

/** One process in `pm2 jlist`. */
export interface ListedProcess {
  readonly id: number;
  /** 0 if it does not run. */
  readonly pid: number;
  readonly name: string;
  readonly env: Readonly<Record<string, unknown>>;
}

/** The processes of one name, by id. */
export interface Pm2App {
  readonly name: string;
  readonly namespace: string;
  readonly kind: 'cluster' | 'fork';
  readonly processes: readonly ListedProcess[];
  /** Settings of the first process, which are those of all. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The environment in which they were started, with PM2's own variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly isModule: boolean;
}

const DEFAULT_NAMESPACE = 'default';

/** @param text what `pm2 jlist` printed, which may begin with other lines @throws LbError LB_ERR_MIGRATE_COMMAND */
export function parseList(text: string): Pm2App[] {
  const apps = new Map<string, ListedProcess[]>();
  for (const one of listIn(text)) {
    const listed = processOf(one);
    if (listed === null) throw unreadable('a process without name, pid or settings');
    const key = `${namespaceOf(listed)}\n${listed.name}`;
    apps.set(key, [...(apps.get(key) ?? []), listed]);
  }
  return [...apps.values()].flatMap((processes) => appOf(processes.toSorted((a, b) => a.id - b.id)));
}

const unreadable = (reason: string): LbError => new LbError('LB_ERR_MIGRATE_COMMAND', { command: 'jlist', reason: `its answer cannot be read: ${reason}` });

function listIn(text: string): readonly unknown[] {
  // Lines that PM2 prints before the list begin with "[PM2]".
  for (const line of text.split('\n').toReversed()) {
    const start = line.search(/\[(?:\{|\])/);
    if (start === -1) continue;
    try {
      const list: unknown = JSON.parse(line.slice(start));
      if (Array.isArray(list)) return list;
    } catch {
      continue;
    }
  }
  throw unreadable('no list in it');
}

function processOf(value: unknown): ListedProcess | null {
  if (!isObject(value)) return null;
  const { pid, name, pm_id: id, pm2_env: env } = value;
  return typeof name === 'string' && typeof id === 'number' && isObject(env) ? { id, pid: typeof pid === 'number' ? pid : 0, name, env } : null;
}

const namespaceOf = ({ env: { namespace } }: ListedProcess): string => (typeof namespace === 'string' && namespace !== '' ? namespace : DEFAULT_NAMESPACE);

function appOf(processes: readonly ListedProcess[]): Pm2App[] {
  const [first] = processes;
  if (first === undefined) return [];
  const settings = first.env;
  const variables = isObject(settings['env']) ? settings['env'] : {};
  return [
    {
      name: first.name,
      namespace: namespaceOf(first),
      kind: settings['exec_mode'] === 'cluster_mode' ? 'cluster' : 'fork',
      processes,
      settings,
      env: ownVariables(variables),
      isModule: settings['pmx_module'] === true,
    },
  ];
}

/** PM2 adds ids of its own to the environment, and an object under the name of the app. */
function ownVariables(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  const own = Object.entries(variables).flatMap(([name, value]): [string, string][] =>
    name === 'unique_id' || !['string', 'number', 'boolean'].includes(typeof value) ? [] : [[name, String(value)]],
  );
  return Object.fromEntries(own);
}
