import { PRIMARY_SETTINGS_VAR } from '../protocol/attach.ts';
import { Malformed } from '../protocol/parser.ts';
import { descriptorOf } from '../system/handle-channel.ts';
import { startedSettings } from '../system/port-holder.ts';
import { startTimeOf, type ProcessId } from '../system/processes.ts';
import { isSamePlace } from '../system/same-place.ts';
import type { PrimaryHello } from './attachment.ts';

export interface Asked {
  /** The primary that was dialled; null for one that dialled. */
  readonly dialled: (ProcessId & { readonly name: string }) | null;
  /** The home of this daemon. */
  readonly home: string;
  /** Of the token that came with the challenge; null if there is no `/proc`, where nothing can be proved. */
  readonly inode: string | null;
}

/**
 * Why a hello is not believed; null if it is. A daemon ends a primary that hangs, so the process that a hello names must be the one
 * at the other end of the connection, and must have been started as a primary of this home.
 */
export function unproven(
  { name, pid, startTime, proof }: Pick<PrimaryHello, 'name' | 'pid' | 'startTime' | 'proof'>,
  { dialled, home, inode }: Asked,
): Malformed | null {
  if (dialled !== null) {
    // Only the process that inherited the socket, whose name only this user can read, answers there.
    const isIt = name === dialled.name && pid === dialled.pid && startTime === dialled.startTime && startTimeOf(pid) === startTime;
    return isIt ? null : new Malformed(`primary ${dialled.name} (pid ${dialled.pid})`, pid).within('pid');
  }
  if (inode === null) return null;
  if (startTimeOf(pid) !== startTime) return new Malformed('when this process started', startTime).within('startTime');
  if (proof === null || descriptorOf(pid, proof) !== inode) return new Malformed('a descriptor of this process for the token', proof).within('proof');
  const own = startedSettings(pid, PRIMARY_SETTINGS_VAR)?.home;
  if (own === undefined || (own !== home && !isSamePlace(own, home))) return new Malformed('a primary of this daemon', pid).within('pid');
  return null;
}
