import { readFileSync, writeFileSync } from 'node:fs';
import { field, integer } from '../protocol/parser.ts';
import { startTimeOf } from '../system/processes.ts';
import { savedText } from './saved-file.ts';

/** Says that this process is the daemon. */
export function writePid(path: string): void {
  writeFileSync(path, savedText({ pid: process.pid, startTime: startTimeOf(process.pid) }), { mode: 0o600 });
}

/** For people: the pid of the daemon that wrote the file, or `unknown`. */
export function readPid(path: string): string {
  try {
    return String(field('pid', integer(1))(JSON.parse(readFileSync(path, 'utf8'))));
  } catch {
    return 'unknown';
  }
}
