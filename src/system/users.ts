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
export function userOf(uid: number, text = systemFile('/etc/passwd')): User | null {
  const [name, , , , , home] = entriesOf(text).find((fields) => fields[2] === String(uid)) ?? [];
  return name === undefined || home === undefined ? null : { uid, name, home };
}

export const entriesOf = (text: string): string[][] => text.split('\n').map((line) => line.split(':'));

export function systemFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
