import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface User {
  readonly uid: number;
  readonly name: string;
  readonly home: string;
}

export interface Group {
  readonly gid: number;
  readonly name: string;
}

/** A user of this machine; null if only another directory service knows it. @param text of `/etc/passwd` */
export function userOf(uid: number, text = read('/etc/passwd')): User | null {
  const [name, , , , , home] = entries(text).find((fields) => fields[2] === String(uid)) ?? [];
  return name === undefined || home === undefined ? null : { uid, name, home };
}

/** A user by name or number, also of a directory service (`getent`); null if there is none. */
export function userNamed(wanted: string, text = read('/etc/passwd')): (User & { readonly gid: number }) | null {
  const isHere = (fields: readonly string[]): boolean => fields[0] === wanted || fields[2] === wanted;
  const all = entries(text);
  const [name, , uid, gid, , home] = all.find(isHere) ?? entries(fromService('passwd', wanted)).find(isHere) ?? [];
  if (name === undefined || home === undefined || !isNumber(uid) || !isNumber(gid)) return null;
  return { uid: Number(uid), gid: Number(gid), name, home };
}

/** A group by name or number, also of a directory service (`getent`); null if there is none. */
export function groupNamed(wanted: string, text = read('/etc/group')): Group | null {
  const all = [...entries(text), ...(text.includes(`${wanted}:`) ? [] : entries(fromService('group', wanted)))];
  const [name, , gid] = all.find(([its, , number]) => its === wanted || number === wanted) ?? [];
  return name === undefined || gid === undefined || !/^\d+$/.test(gid) ? null : { gid: Number(gid), name };
}

const entries = (text: string): string[][] => text.split('\n').map((line) => line.split(':'));

const isNumber = (text: string | undefined): boolean => text !== undefined && /^\d+$/.test(text);

function fromService(database: 'group' | 'passwd', key: string): string {
  if (key.startsWith('-')) return '';
  try {
    return execFileSync('getent', [database, key], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5_000 });
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
