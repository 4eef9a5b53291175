import type { AppUser } from '../lifecycle/app-user.ts';
import { variablesOfUser } from '../lifecycle/app-user.ts';
import type { EnvLayer } from './env-kind.ts';

interface FoundUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  readonly home: string;
}

/** The users of this machine, as apps may ask for them. */
export interface Users {
  /** Who runs `lb`. */
  readonly own: { readonly uid: number; readonly gid: number };
  /** By name or number; null if there is none. */
  readonly user: (wanted: string | number) => FoundUser | null;
  /** The number of a group; null if there is none. */
  readonly group: (wanted: string) => number | null;
  /** What an app of this user has in place of LB_HOME. */
  readonly homeOf: (uid: number) => string;
}

/** Where nobody can be looked up. */
export const NO_USERS: Users = { own: { uid: -1, gid: -1 }, user: () => null, group: () => null, homeOf: () => '/' };

/** Those of another machine, where everything may exist. */
export const ANY_USERS: Users = {
  own: { uid: 0, gid: 0 },
  user: (wanted) => ({ uid: typeof wanted === 'number' ? wanted : 1, gid: 1, name: String(wanted), home: '/' }),
  group: () => 1,
  homeOf: () => '/',
};

interface Asked {
  readonly uid?: string | number | null | undefined;
  readonly gid?: string | number | null | undefined;
}

/** What is wrong with which option. */
export interface UserProblem {
  readonly key: 'uid' | 'gid';
  readonly expected: string;
  readonly got: string;
}

/** As whom an app runs that asks for this; null for the user who runs `lb`. Only root may have it run as another one. */
export function appUser(asked: Asked, users: Users): AppUser | null | UserProblem {
  const { uid = null, gid = null } = asked;
  if (uid === null && gid === null) return null;
  const wanted = wantedUser(uid ?? users.own.uid, gid, users);
  if (isUserProblem(wanted)) return wanted;
  const isOwnUser = wanted.uid === users.own.uid;
  if (isOwnUser && (gid === null || wanted.gid === users.own.gid)) return null;
  if (users.own.uid === 0) return wanted;
  if (isOwnUser) return { key: 'gid', expected: 'the group of whoever runs lb, which is not root', got: String(gid) };
  return { key: 'uid', expected: 'the user who runs lb, which is not root', got: String(uid) };
}

function wantedUser(uid: string | number, gid: string | number | null, users: Users): AppUser | UserProblem {
  const found = users.user(uid);
  const number = typeof uid === 'number' ? uid : found?.uid;
  if (number === undefined) return { key: 'uid', expected: 'a user of this machine', got: `"${uid}", which does not exist` };
  const group = typeof gid === 'string' ? users.group(gid) : (gid ?? found?.gid ?? number);
  if (group === null) return { key: 'gid', expected: 'a group of this machine', got: `"${gid ?? ''}", which does not exist` };
  return { uid: number, gid: group, name: found?.name ?? null, home: found?.home ?? null };
}

export const isUserProblem = (found: AppUser | null | UserProblem): found is UserProblem => found !== null && 'key' in found;

/** The variables of the user, in place of those of the caller. */
export const variablesOf = (user: AppUser | null): EnvLayer => new Map(user === null ? [] : Object.entries(variablesOfUser(user)));
