import { readdirSync, readFileSync } from 'node:fs';
import { request } from '../helpers/http.ts';
import { descriptorCount, openFiles } from '../helpers/processes.ts';
import { waitFor } from '../helpers/wait.ts';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import type { Tree } from './tree.ts';
import type { World } from './world.ts';

type Seen = Pick<AppSnapshot, 'name' | 'state' | 'instances' | 'ready' | 'operation' | 'socketsKept' | 'primaryPid'> & {
  readonly workers: readonly Pick<AppSnapshot['workers'][number], 'pid' | 'state'>[];
};

const list = (pids: readonly number[]): string => `[${[...pids].sort((a, b) => a - b).join(' ')}]`;

function appDifferences(app: string, wanted: number, seen: Seen | undefined, tree: Tree): string[] {
  if (seen === undefined) return [`${app} is not listed`];
  const { state, ready, instances, operation, socketsKept, primaryPid, workers } = seen;
  const primaries = tree.primaries(app).map(({ pid }) => pid);
  const children = tree.workers(app).map(({ pid }) => pid);
  const listed = workers.map(({ pid }) => pid);
  const differences: [boolean, string][] = [
    [state !== 'online' || ready !== wanted || instances !== wanted, `is ${state} with ${ready} of ${instances} ready, wanted: ${wanted}`],
    [operation !== null, `still has its operation ${operation?.kind}`],
    [!socketsKept, 'has sockets that the daemon does not keep'],
    [list(primaries) !== list(primaryPid === null ? [] : [primaryPid]), `has the primary ${primaryPid}, and /proc ${list(primaries)}`],
    [list(listed) !== list(children), `has the workers ${list(listed)}, and /proc ${list(children)}`],
  ];
  return differences.filter(([differs]) => differs).map(([, text]) => `${app} ${text}`);
}

/** In what the world is not as it should be: what runs, as the daemon lists it and as `/proc` has it. */
export function differencesOf(wanted: ReadonlyMap<string, number>, apps: readonly Seen[], tree: Tree): string[] {
  const of = [...wanted].flatMap(([name, count]) =>
    appDifferences(
      name,
      count,
      apps.find((app) => app.name === name),
      tree,
    ),
  );
  const daemons = tree.daemons.length === 1 ? [] : [`${tree.daemons.length} daemons: ${list(tree.daemons.map(({ pid }) => pid))}`];
  const known = new Set([...tree.daemons, ...[...wanted.keys()].flatMap((app) => [...tree.primaries(app), ...tree.workers(app), ...tree.members(app)])]);
  const strays = tree.all
    .filter((found) => !known.has(found))
    .map(({ pid, parent, command }) => `stray process ${pid} (parent ${parent}): ${command.slice(0, 120)}`);
  return [...of, ...daemons, ...strays];
}

/** Until everything that is wanted runs and nothing else does, and `lb list` says so. */
export async function settle(world: World, deadlineMs: number): Promise<void> {
  let left: readonly string[] = [];
  const context = (): string => left.join('\n');
  await waitFor(
    'everything to be as it should',
    async () => {
      left = ['the daemon does not answer'];
      left = differencesOf(world.wanted, await world.sandbox.apps(), world.tree);
      return left.length === 0;
    },
    { deadlineMs, everyMs: 150, context },
  );
  const { code, stdout, ...result } = await world.lb('list', '--json');
  if (code !== 0) throw new Error(`lb list fails:\n${String(result)}`);
  const apps = JSON.parse(stdout) as AppSnapshot[];
  const listed = apps.map(({ name, ready, state }) => `${name} ${state} ${ready}`).sort();
  const expected = [...world.wanted].map(([name, count]) => `${name} online ${count}`).sort();
  if (listed.join() !== expected.join()) throw new Error(`lb list says ${listed.join(', ')}; expected ${expected.join(', ')}`);
}

/** Every client gets answers. */
export async function checkServing(world: World): Promise<void> {
  await Promise.all(world.loads.map(({ load }) => load.waitForServed(1)));
}

/** Open descriptors of daemon and primaries, by role. */
export function descriptorsOf({ tree, apps }: World): Map<string, { readonly pid: number; readonly count: number }> {
  const roles = [
    ...tree.daemons.map(({ pid }) => ['daemon', pid] as const),
    ...apps.flatMap((app) => tree.primaries(app).map(({ pid }) => [`primary of ${app}`, pid] as const)),
  ];
  return new Map(roles.map(([role, pid]) => [role, { pid, count: descriptorCount(pid) }]));
}

/** A connection on its way and one of a command may be open at the moment of a count. */
const ALLOWED_DESCRIPTORS = 3;

export async function checkDescriptors(world: World, before: ReadonlyMap<string, { readonly count: number }>): Promise<void> {
  let more: string[] = [];
  const grown = (): string[] =>
    [...descriptorsOf(world)].flatMap(([role, { pid, count }]) => {
      const was = before.get(role)?.count ?? 0;
      return count <= was + ALLOWED_DESCRIPTORS ? [] : [`${role}: ${was} descriptors at the start, ${count} now\n${openFiles(pid)}`];
    });
  await waitFor('the descriptors to be back where they were', () => (more = grown()).length === 0, { context: () => more.join('\n') });
}

const LEFT_BEHIND = /\.tmp$|\.sock$|\.aside$|^filler$/;

/** After `lb kill`: no process, socket, temporary file or listener of the run is left. */
export async function checkNothingLeft(world: World): Promise<void> {
  const { sandbox } = world;
  await waitFor('all processes to end', () => world.tree.all.length === 0, {
    context: () => world.tree.all.map(({ pid, command }) => `${pid} ${command}`).join('\n'),
  });
  const left = readdirSync(sandbox.home, { recursive: true, encoding: 'utf8' }).filter((name) => LEFT_BEHIND.test(name));
  const sockets = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter((line) => line.includes(sandbox.directory));
  const open: string[] = [];
  for (const app of world.apps) if (await answers(world.portOf(app))) open.push(`the port of ${app}`);
  const all = [...left, ...sockets, ...open];
  if (all.length > 0) throw new Error(`left behind: ${all.join(', ')}`);
}

const answers = (port: number): Promise<boolean> =>
  request('/', { port, timeoutMs: 1000 }).then(
    () => true,
    (error: unknown) => (error as { code?: string }).code !== 'ECONNREFUSED',
  );
