import { closeSync } from 'node:fs';
import { appendGuarded } from './open-guarded.ts';

/** Where a child process prints. */
interface LogDescriptor {
  /** For `stdio`: `ignore` is `/dev/null`. */
  readonly stdio: number | 'ignore';
  close(): void;
}

/** Opens the log for a child process. A log that cannot be opened keeps no process from starting: then what it prints goes nowhere. */
export function openLogFor(path: string): LogDescriptor {
  try {
    const fd = appendGuarded(path);
    return { stdio: fd, close: () => closeQuietly(fd) };
  } catch {
    return { stdio: 'ignore', close: () => {} };
  }
}

/** Closes this process's descriptor; the child has its own. */
function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    return;
  }
}
