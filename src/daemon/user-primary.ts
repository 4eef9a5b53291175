import type { AppUser } from '../lifecycle/app-user.ts';
import type { PrimarySettings } from '../protocol/attach.ts';
import { homePaths } from '../system/paths.ts';
import { startTimeOf } from '../system/processes.ts';
import { makeUserFolder } from '../system/user-folder.ts';
import type { Doors } from './doors.ts';
import { startPrimary, type spawnPrimary } from './primary-process.ts';
import type { PrimaryId } from './primary-record.ts';
import { userProblem } from './user-problem.ts';

export interface UserPrimaryOptions {
  readonly home: string;
  readonly doors: Pick<Doors, 'make' | 'given'>;
  /** A copy of the program that everybody can read. @throws Error if there is none */
  readonly openProgram: () => string;
  readonly log: (message: string) => void;
}

interface Starting {
  readonly name: string;
  readonly spawn: typeof spawnPrimary;
  readonly settings: () => Omit<PrimarySettings, 'name'>;
  readonly userPrimaries: UserPrimaryOptions;
}

/** Starts a primary. @param user as whom it runs; null for the user of this daemon @throws Error if the system refuses */
export function startPrimaryAs(user: AppUser | null, starting: Starting, interpreter: string | null, onExit: (pid: number, how: string) => void): PrimaryId {
  const { name, spawn, settings, userPrimaries } = starting;
  const wanted = { interpreter, settings: { ...settings(), name } };
  return user === null ? startPrimary(spawn, wanted, onExit) : startUserPrimary(spawn, userPrimaries, { ...wanted, user }, onExit);
}

interface Wanted {
  readonly user: AppUser;
  readonly interpreter: string | null;
  readonly settings: PrimarySettings;
}

/**
 * Starts the primary of another user. It cannot enter the home: it gets a folder of its own in place of one, a copy of the program
 * that it can read, and the socket on which daemons find it.
 * @throws Error if one of them cannot be made, or the system refuses
 */
function startUserPrimary(
  spawn: typeof spawnPrimary,
  { home, doors, openProgram, log }: UserPrimaryOptions,
  { user, interpreter, settings }: Wanted,
  onExit: (pid: number, how: string) => void,
): PrimaryId {
  const problem = userProblem({ user, interpreter });
  if (problem !== null) throw new Error(problem);
  const { name } = settings;
  const own = { ...settings, user, home: makeUserFolder(home, user), program: openProgram() };
  const door = doors.make(name);
  const { daemonLog } = homePaths(home);
  try {
    const said = (line: string): void => log(`primary ${name}: ${line}`);
    const child = spawn({ interpreter, settings: own, logFile: daemonLog, door: { fd: door.fd, said }, onExit: (how) => onExit(child.pid ?? 0, how) });
    const pid = child.pid ?? 0;
    const startTime = startTimeOf(pid);
    if (startTime === null) door.discard();
    else doors.given(name, door.give({ pid, startTime }));
    return { pid, startTime };
  } catch (error) {
    door.discard();
    throw error;
  }
}
