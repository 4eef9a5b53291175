import { field, integer } from '../protocol/parser.ts';
import { writeFileNow } from '../system/atomic-file.ts';
import { readGuarded } from '../system/open-guarded.ts';
import { startTimeOf } from '../system/processes.ts';
import { savedText } from './saved-file.ts';
import type { FileReports } from './unwritten.ts';

/** Says that this process is the daemon. */
export function writePid(path: string, reports: FileReports): void {
  try {
    writeFileNow(path, savedText({ pid: process.pid, startTime: startTimeOf(process.pid) }));
    reports.wrote(path);
  } catch (error) {
    reports.failed(path, error, 'it is only for people', () => writePid(path, reports));
  }
}

/** For people: the pid of the daemon that wrote the file, or `unknown`. */
export function readPid(path: string): string {
  try {
    return String(field('pid', integer(1))(JSON.parse(readGuarded(path))));
  } catch {
    return 'unknown';
  }
}
