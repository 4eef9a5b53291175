import { isAlive, sendSignal } from '../system/processes.ts';
import type { Attachment, PrimaryHello } from './attachment.ts';
import type { PrimaryId } from './primary-record.ts';

interface Known {
  readonly name: string;
  readonly log: (message: string) => void;
  /** The primary that the daemon knows; null for none. */
  readonly primary: PrimaryId | null;
  /** This daemon has started it, and it has not connected yet. */
  readonly isNew: boolean;
}

/**
 * There is one primary of a name: one too many is told to leave. But of one whose record was lost, sockets and workers are alive,
 * while the one that was started in its place has nothing yet: that one is ended.
 * @returns whether the primary that connects is the one
 */
export function admitPrimary(attachment: Attachment, hello: PrimaryHello, { name, log, primary, isNew }: Known): boolean {
  if (primary === null || primary.pid === hello.pid || !isAlive(primary.pid, primary.startTime)) return true;
  if (!isNew || hello.apps.length === 0) {
    log(`a second primary ${name} (pid ${hello.pid}) connected and is told to exit`);
    attachment.leave();
    return false;
  }
  log(`primary ${name} (pid ${hello.pid}) is alive; the one that was just started (pid ${primary.pid}) is not needed`);
  sendSignal(primary.pid, 'SIGKILL');
  return true;
}
