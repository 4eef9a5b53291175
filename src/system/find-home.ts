import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { LbError } from '../errors/lb-error.ts';
import { chooseHome, homePlaces, type ChosenHome } from './home-table.ts';
import { isGroupVolume, lookAtHome, thisUser, type Who } from './look-at-home.ts';
import { userOf } from './users.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface FoundHome {
  readonly path: string;
  /** It has to be made. */
  readonly isNew: boolean;
  /** Why it is not in an earlier place of the table. */
  readonly passedOver: readonly string[];
  /** The control socket in it, if it is the home of another user for whom this one stands in; null otherwise. */
  readonly socket: string | null;
}

/** A user, and the variables of one of his processes. */
export interface UserProcess {
  readonly who: Who;
  readonly env: Env;
}

/**
 * The home directory of this user's daemon: the first usable place of the table. Makes nothing.
 * @param first the first process of this container or machine, if this user may look into it
 * @throws LbError LB_ERR_HOME if the place is not safe, or none can be used
 */
export function findHome(env: Env = process.env, who = thisUser(), first: () => UserProcess | null = firstProcess): FoundHome {
  if (who === null) return { path: env['LB_HOME'] ? resolve(env['LB_HOME']) : join(homedir(), '.lb'), isNew: false, passedOver: [], socket: null };
  const chosen = chosenHome({ who, env });
  if ('refused' in chosen || !chosen.isInhabited) {
    const home = homeOfContainer(first(), who, env);
    if (home !== null) return home;
  }
  if (!('refused' in chosen)) return { ...chosen, socket: null };
  const error = new LbError('LB_ERR_HOME', { home: chosen.path, reason: chosen.refused });
  throw chosen.repair === null ? error : error.advising(`run: ${chosen.repair}`);
}

function chosenHome({ who, env }: UserProcess): ChosenHome {
  const given = env['LB_HOME'] ? resolve(env['LB_HOME']) : null;
  const directory = env['HOME'] || directoryOf(who);
  const inVolume = given !== null && isGroupVolume(given, who) ? join(given, `lb-${who.uid}`) : given;
  const places = homePlaces({ given: inVolume, own: directory === null ? null : join(directory, '.lb'), uid: who.uid });
  return chooseHome(places, (path) => lookAtHome(path, who));
}

/** Null for a user whom the system does not know. */
function directoryOf({ uid }: Who): string | null {
  try {
    return uid === process.getuid?.() ? homedir() : (userOf(uid)?.home ?? null);
  } catch {
    return null;
  }
}

/**
 * Whoever enters a container means its app, which may run as another user, or with an LB_HOME that its entry point set: the home of
 * its first process, if a daemon is there. Only root may stand in for another user. The first process of a machine has the home of root.
 */
function homeOfContainer(first: UserProcess | null, who: Who, env: Env): FoundHome | null {
  if (first === null || (who.uid !== 0 && who.uid !== first.who.uid)) return null;
  const chosen = chosenHome({ who: first.who, env: env['LB_HOME'] ? { ...first.env, LB_HOME: env['LB_HOME'] } : first.env });
  if ('refused' in chosen || !chosen.isInhabited) return null;
  return { path: chosen.path, isNew: false, passedOver: [], socket: who.uid === first.who.uid ? null : join(chosen.path, 'lb.sock') };
}

function firstProcess(): UserProcess | null {
  try {
    const status = readFileSync('/proc/1/status', 'utf8');
    const idsOf = (name: string): number[] => (new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number);
    // The second one is the effective one.
    const [, uid = 0] = idsOf('Uid');
    return { who: { uid, groups: [...idsOf('Gid').slice(1, 2), ...idsOf('Groups')] }, env: variablesOfFirst() };
  } catch {
    return null;
  }
}

/** None if they may not be read: root of a container has no right to look into the processes of others. */
function variablesOfFirst(): Env {
  try {
    const pairs = readFileSync('/proc/1/environ', 'utf8').split('\0');
    return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  } catch {
    return {};
  }
}
