import { readFileSync } from 'node:fs';

/** Those of these processes that belong to a user, by their real and effective uid. */
export const ownedBy = (uid: number, pids: readonly number[]): readonly number[] => pids.filter((pid) => isOwnedBy(uid, pid));

function isOwnedBy(uid: number, pid: number): boolean {
  try {
    const [, real, effective] = /^Uid:\t(\d+)\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return real === String(uid) && effective === String(uid);
  } catch {
    return false;
  }
}
