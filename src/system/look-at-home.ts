import { accessSync, constants, existsSync, lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { errnoOf, messageOf } from '../errors/lb-error.ts';
import type { HomeLook } from './home-table.ts';

const STICKY = 0o1000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const MOST_LINKS = 40;
/** How the owner of a file is shown whose user does not exist in this user namespace. */
const OVERFLOW_UID = 65_534;

/** The user who asks. */
export interface Who {
  readonly uid: number;
  readonly groups: readonly number[];
}

/** Null on Windows, which has no such users. */
export function thisUser(): Who | null {
  const uid = process.getuid?.();
  return uid === undefined ? null : { uid, groups: process.getgroups?.() ?? [] };
}

type Problem = Extract<HomeLook, { readonly state: 'unusable' | 'unsafe' }>;
type Walked =
  | Problem
  | { readonly state: 'missing' }
  | { readonly state: 'found'; readonly stats: Stats /** Of a link on the way: where it really is. */; readonly real: string };

/** What is at a place for a home. Follows no link at the place itself, and those on the way to it only if they are ours or root's. */
export function lookAtHome(path: string, who: Who): HomeLook {
  const walked = walk(path, who);
  if (walked.state === 'missing') return isWritable(nearestDirectory(path)) ? { state: 'absent' } : unusable(`${nearestDirectory(path)} is not writable`);
  if (walked.state !== 'found') return walked.state === 'unsafe' ? { ...walked, isThere: exists(path) } : walked;
  const { stats } = walked;
  if (stats.isSymbolicLink()) return unsafe('it is a symbolic link', `LB_HOME=${quoted(targetOf(path))}`);
  if (!stats.isDirectory()) return unusable('it is not a directory');
  if (stats.uid !== who.uid)
    return unsafe(
      `it belongs to user ${stats.uid}, this is user ${who.uid}`,
      stats.uid === 0 ? `sudo chown -R ${who.uid} ${quoted(path)}` : `sudo mv ${quoted(path)} ${quoted(`${path}.of-${stats.uid}`)}`,
    );
  if ((stats.mode & STICKY) !== 0 && (stats.mode & OTHERS_WRITE) !== 0)
    return unsafe('it is a directory shared with other users', `LB_HOME=${quoted(join(path, `lb-${who.uid}`))}`);
  if ((stats.mode & (GROUP_WRITES | OTHERS_WRITE)) !== 0) return unsafe(`other users can write to it (mode ${modeOf(stats)})`, `chmod go-w ${quoted(path)}`);
  return { state: 'ours', writable: isWritable(path), inhabited: ['state.json', 'lb.sock'].some((name) => exists(join(path, name))) };
}

/**
 * Whether a directory is a volume for our group (`fsGroup` of Kubernetes): root's, so it is no home, but we may make one in it. A
 * mount in a container was given to all who are there, so to root too. Elsewhere it must not be open to everybody, or be sticky.
 */
export function isGroupVolume(path: string, { uid, groups }: Who, inContainer = isContainer()): boolean {
  const stats = statsOf(path);
  if (stats?.isDirectory() !== true || stats.uid !== 0 || (stats.mode & GROUP_WRITES) === 0) return false;
  const isGiven = inContainer && isMount(path, stats);
  if (uid === 0) return isGiven;
  return groups.includes(stats.gid) && (isGiven || (stats.mode & OTHERS_WRITE) === 0 || (stats.mode & STICKY) !== 0);
}

/** Goes down to a path as the kernel does, and looks at every directory on the way. */
function walk(path: string, who: Who): Walked {
  const rest = namesOf(path);
  let current = '/';
  for (let links = 0; ; ) {
    const name = rest.shift();
    if (name === undefined) return { state: 'found', stats: lstatSync(current), real: current };
    const next = join(current, name);
    let stats: Stats | undefined;
    try {
      stats = lstatSync(next, { throwIfNoEntry: false });
    } catch (error) {
      return unusable(errnoOf(error) === 'ENOTDIR' ? `${current} is not a directory` : messageOf(error));
    }
    if (stats === undefined) return { state: 'missing' };
    if (rest.length === 0) return { state: 'found', stats, real: next };
    if (stats.isSymbolicLink()) {
      if (++links > MOST_LINKS) return unusable('too many symbolic links lead to it');
      if (!isTrusted(stats.uid, who)) return unsafe(`${next} is a symbolic link of user ${stats.uid}`, 'LB_HOME=<a directory of your own>');
      const target = readlinkSync(next);
      rest.unshift(...namesOf(target));
      if (isAbsolute(target)) current = '/';
      continue;
    }
    const problem = problemOnTheWay(next, stats, who);
    if (problem !== null) return problem;
    current = next;
  }
}

/** A user who can write to a directory above the home can put another home in its place. A group that can write there is trusted. */
function problemOnTheWay(path: string, stats: Stats, who: Who): Problem | null {
  if (!stats.isDirectory()) return unusable(`${path} is not a directory`);
  if (!isTrusted(stats.uid, who)) return unsafe(`${path} belongs to user ${stats.uid}`, 'LB_HOME=<a directory of your own>');
  const isOpen = (stats.mode & OTHERS_WRITE) !== 0 && (stats.mode & STICKY) === 0;
  if (!isOpen || isGroupVolume(path, who)) return null;
  return unsafe(
    `everybody can write to ${path}, and replace what is in it (mode ${modeOf(stats)})`,
    `${stats.uid === who.uid ? '' : 'sudo '}chmod +t ${quoted(path)}`,
  );
}

function isTrusted(owner: number, { uid }: Who): boolean {
  return owner === 0 || owner === uid || (owner === OVERFLOW_UID && isUserNamespace());
}

/** There, root of the machine has no number. */
function isUserNamespace(): boolean {
  try {
    return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'));
  } catch {
    return false;
  }
}

/** As far as the usual engines say so. */
function isContainer(): boolean {
  return process.env['KUBERNETES_SERVICE_HOST'] !== undefined || ['/.dockerenv', '/run/.containerenv'].some((file) => existsSync(file));
}

function nearestDirectory(path: string): string {
  const parent = dirname(path);
  return parent === path || exists(parent) ? parent : nearestDirectory(parent);
}

const exists = (path: string): boolean => statsOf(path) !== undefined;

/** Undefined also if this user may not look. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

export function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const namesOf = (path: string): string[] => path.split('/').filter((name) => name !== '');
const isMount = (path: string, { dev }: Stats): boolean => lstatSync(dirname(path)).dev !== dev;
const modeOf = ({ mode }: Stats): string => (mode & 0o7777).toString(8).padStart(4, '0');
const unusable = (reason: string): Problem => ({ state: 'unusable', reason });
const unsafe = (reason: string, repair: string): Problem => ({ state: 'unsafe', reason, repair, isThere: true });
/** For a shell. */
const quoted = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`);

function targetOf(link: string): string {
  const target = readlinkSync(link);
  return isAbsolute(target) ? target : join(dirname(link), target);
}
