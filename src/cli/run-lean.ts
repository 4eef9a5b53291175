import { createContext, type Words } from './context.ts';
import type { Io } from './io.ts';
import { LIST_NAMES, quickList } from './quick-list.ts';

/**
 * The two command lines that load no more than they need: scripts call `lb list` often, and a daemon keeps in memory for
 * weeks whatever it has loaded. Null leaves the command line, as if nothing had happened, to `runCli`, which knows all of them.
 * @throws what ended the daemon
 */
export async function runLean([name = '', ...flags]: readonly string[], io: Io): Promise<number | null> {
  const [flag] = flags;
  const words: Words = { args: [], options: { json: flag === '--json' }, appArgs: [] };
  if (flags.length === 0 && name === 'daemon') return await (await import('./commands/daemon.ts')).daemon.run(await createContext(io, 'daemon', words));
  const isQuick = LIST_NAMES.includes(name) && (flags.length === 0 || (flags.length === 1 && flag === '--json'));
  return isQuick ? await quickList(await createContext(io, 'list', words)) : null;
}
