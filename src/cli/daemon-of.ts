import { reachDaemon, type Reached, type StartDaemon } from '../client/ensure-daemon.ts';
import { LbError } from '../errors/lb-error.ts';
import type { Need } from '../lifecycle/daemon-need.ts';
import { LB_PROGRAM } from '../system/lb-program.ts';
import { assertOwnContent, ensureHome } from '../system/ensure-home.ts';
import { homePaths } from '../system/paths.ts';
import { spawnDaemon } from '../system/spawn-daemon.ts';
import type { Context } from './context.ts';
import { idleHome } from './idle-home.ts';

/** The daemon of this command; null if none runs and the command does not need one. */
export function reachedDaemon({ address, io, home, note, noteHome }: Context, need: Need): Promise<Reached | null> {
  const start: StartDaemon = (daemonHome, logFile) => {
    const paths = homePaths(home);
    noteHome();
    ensureHome(paths);
    assertOwnContent(paths);
    return io.startDaemon?.(daemonHome, logFile) ?? spawnDaemon({ program: LB_PROGRAM, home: daemonHome, logFile, because: 'a command needed it' });
  };
  return reachDaemon(address, { need, start, note });
}

/** @throws LbError LB_ERR_DAEMON_NOT_RUNNING if none runs and the command starts none */
export async function daemonFor(context: Context, need: Need): Promise<Reached> {
  const reached = await reachedDaemon(context, need);
  if (reached !== null) return reached;
  const [idle] = idleHome(context.home);
  const error = new LbError('LB_ERR_DAEMON_NOT_RUNNING', { home: context.home });
  throw idle === undefined ? error : error.advising(idle);
}
