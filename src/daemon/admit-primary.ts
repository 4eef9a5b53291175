import { isAlive, sendSignal } from '../system/processes.ts';
import type { Attachment, PrimaryHello } from './attachment.ts';
import type { PrimaryId } from './primary-record.ts';

interface Known {
  readonly name: string;
  readonly log: (message: string) => void;
  /** The primary that the daemon knows; null for none. */
  readonly primary: PrimaryId | null;
  /** One that this daemon has started and in which nothing is ready yet. */
  readonly newcomer: PrimaryId | null;
}

/**
 * There is one primary of a name: one too many is told to leave. But of one whose record was lost, sockets and workers are alive,
 * while nothing is ready in the one that was started in its place: that one is ended.
 * @returns whether the primary that connects is the one
 */
export function admitPrimary(attachment: Attachment, hello: PrimaryHello, { name, log, primary, newcomer }: Known): boolean {
  if (primary === null || primary.pid === hello.pid || !isAlive(primary.pid, primary.startTime)) return true;
  if (primary.pid !== newcomer?.pid || hello.apps.length === 0) {
    log(`a second primary ${name} (pid ${hello.pid}) connected and is told to exit`);
    attachment.leave();
    return false;
  }
  log(`primary ${name} (pid ${hello.pid}) is alive; the one that was just started (pid ${primary.pid}) is not needed`);
  sendSignal(primary.pid, 'SIGKILL');
  return true;
}
