import { join, resolve } from 'node:path';
import { parseJson } from '../protocol/checked.ts';
import { quickGet } from '../client/quick-get.ts';
import { EXIT } from '../errors/registry.ts';
import { createContext, sharedAddress, type Context, type Place, type Words } from './context.ts';
import type { Io } from './io.ts';
import { LIST_NAMES, listing } from './listing.ts';

/**
 * Handles the command lines that must load as little as possible: people and scripts call `lb list` often, and a
 * daemon keeps everything it has loaded in memory for weeks. Returns null, with no side effects, for command lines that `runCli` handles.
 * @throws what ended the daemon
 */
export async function runLean([name = '', ...flags]: readonly string[], io: Io): Promise<number | null> {
  const [flag] = flags;
  const words: Words = { args: [], options: { json: flag === '--json' }, appArgs: [] };
  if (flags.length === 0 && name === 'daemon') return await (await import('./run-daemon.ts')).runDaemonAlone(io, words);
  const isQuick = LIST_NAMES.includes(name) && (flags.length === 0 || (flags.length === 1 && flag === '--json'));
  return isQuick ? await quickList(await createContext(io, 'list', words, ['list'], likelyPlace(io.env))) : null;
}

/**
 * Where the daemon mostly is, without a look at anything: if none answers there, `runCli` searches the whole table. A socket of
 * another user is refused in any case.
 */
function likelyPlace({ LB_HOME, LB_SOCKET, HOME = '/' }: NodeJS.ProcessEnv): Place {
  const home = LB_HOME ? resolve(LB_HOME) : join(HOME, '.lb');
  const own = { home, socket: join(home, 'lb.sock'), daemonLog: join(home, 'daemon.log') };
  return { home, address: LB_SOCKET ? sharedAddress(home, LB_SOCKET) : own, madeBecause: null };
}

/** The fast path of `lb list`: prints the apps of a running daemon. Null, with nothing printed, in any other case. */
async function quickList(context: Context): Promise<number | null> {
  const { path, read, programs } = listing(context);
  try {
    const { status, body } = await quickGet(context.address, path);
    if (status !== 200) return null;
    const answer = parseJson('list of apps from the daemon', body);
    const { count, text, notes } = read(answer);
    if (count === 0) return null;
    context.io.stdout.write(text);
    for (const line of [...notes, ...(await programs(answer))]) context.note(line);
    return EXIT.ok;
  } catch {
    return null;
  }
}
