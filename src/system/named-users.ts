import { execFileSync } from 'node:child_process';
import { entriesOf, systemFile, type Group, type User } from './users.ts';

/** A user by name or number, also of a directory service (`getent`); null if there is none. */
export function userNamed(wanted: string, text = systemFile('/etc/passwd')): (User & { readonly gid: number }) | null {
  const isHere = (fields: readonly string[]): boolean => fields[0] === wanted || fields[2] === wanted;
  const all = entriesOf(text);
  const [name, , uid, gid, , home] = all.find(isHere) ?? entriesOf(fromService('passwd', wanted)).find(isHere) ?? [];
  if (name === undefined || home === undefined || !isNumber(uid) || !isNumber(gid)) return null;
  return { uid: Number(uid), gid: Number(gid), name, home };
}

/** A group by name or number, also of a directory service (`getent`); null if there is none. */
export function groupNamed(wanted: string, text = systemFile('/etc/group')): Group | null {
  const all = [...entriesOf(text), ...(text.includes(`${wanted}:`) ? [] : entriesOf(fromService('group', wanted)))];
  const [name, , gid] = all.find(([its, , number]) => its === wanted || number === wanted) ?? [];
  return name === undefined || gid === undefined || !/^\d+$/.test(gid) ? null : { gid: Number(gid), name };
}

const isNumber = (text: string | undefined): boolean => text !== undefined && /^\d+$/.test(text);

function fromService(database: 'group' | 'passwd', key: string): string {
  if (key.startsWith('-')) return '';
  try {
    return execFileSync('getent', [database, key], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5_000 });
  } catch {
    return '';
  }
}
