import { lstatSync, readlinkSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { LbError, messageOf } from '../../errors/lb-error.ts';
import { LB_PM2_PROGRAM, programAsCalled } from '../../system/lb-program.ts';
import { isSamePlace } from '../../system/same-place.ts';
import type { Io } from '../io.ts';
import type { pm2Daemons } from '../migrate/pm2-daemon.ts';

/** The name that scripts call. */
const NAME = 'pm2';

/** Gives `lb-pm2` the name `pm2` as well, by a link. @param daemons of PM2 @returns what to say @throws LbError LB_ERR_NAME_LINK, LB_ERR_USAGE */
export function takeName(given: string | undefined, io: Io, daemons: ReturnType<typeof pm2Daemons>): string[] {
  const link = join(folderFor(given, io), NAME);
  const [running] = daemons;
  if (running !== undefined)
    throw failure(link, `PM2 runs (pid ${running.pid}, ${running.home})`, 'move its apps with "lb migrate pm2 --yes", then end it with "pm2 kill"');
  if (isOurs(link)) return [`${link} is lb-pm2 already`];
  if (exists(link)) throw failure(link, 'there is something else of this name', 'if that is PM2: npm rm -g pm2; or name another folder of PATH');
  try {
    symlinkSync(programAsCalled(LB_PM2_PROGRAM, process.argv[1]), link);
  } catch (error) {
    throw failure(link, messageOf(error), 'name a folder that you may write to, or run the command with sudo');
  }
  const first = foldersOf(io).find((folder) => exists(join(folder, NAME)));
  const found = first === undefined ? 'its folder is not in PATH' : first === dirname(link) ? null : `${join(first, NAME)} comes before it in PATH`;
  return [`${link} is lb-pm2 now; "lb-pm2 unalias" takes the name away again`, ...(found === null ? [] : [`warning: ${found}`])];
}

/** Removes the link. @returns what to say @throws LbError LB_ERR_NAME_LINK, LB_ERR_USAGE */
export function dropName(given: string | undefined, io: Io): string[] {
  const link = join(folderFor(given, io), NAME);
  if (!exists(link)) return [`there is no ${link}`];
  if (!isOurs(link)) throw failure(link, 'it is not lb-pm2', 'nothing was removed');
  try {
    unlinkSync(link);
  } catch (error) {
    throw failure(link, messageOf(error), 'run the command with sudo');
  }
  return [`${link} was removed`];
}

/** By default where `lb-pm2` itself is found. @throws LbError LB_ERR_USAGE */
function folderFor(given: string | undefined, io: Io): string {
  const folder = given === undefined ? foldersOf(io).find((each) => isSamePlace(join(each, 'lb-pm2'), LB_PM2_PROGRAM)) : resolve(io.cwd, given);
  if (folder === undefined) throw new LbError('LB_ERR_USAGE', { problem: 'lb-pm2 is in no folder of PATH; name the folder for the link: lb-pm2 alias <dir>' });
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw new LbError('LB_ERR_USAGE', { problem: `${folder} is not a folder` });
  return folder;
}

const foldersOf = ({ env }: Io): string[] => (env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** A link to a version that was removed is ours too. */
function isOurs(link: string): boolean {
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return false;
  return isSamePlace(link, LB_PM2_PROGRAM) || /(?:^|\/)lb-pm2(?:\.js)?$/.test(readlinkSync(link));
}

const failure = (link: string, reason: string, hint: string): LbError => new LbError('LB_ERR_NAME_LINK', { link, reason, hint });
