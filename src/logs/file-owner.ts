import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** Who may read and write a file. */
export type FileOwner = Pick<Stats, 'mode' | 'uid' | 'gid'>;

const PERMISSIONS = 0o7777;
const OF_THE_GROUP = 0o070;

/** Gives a new file the mode and owner of another one, as far as this process may. A group that it cannot have gets no permissions. */
export async function giveTo(file: FileHandle, { mode, uid, gid }: FileOwner): Promise<void> {
  const present = await file.stat();
  let permissions = mode & PERMISSIONS;
  if (present.uid !== uid) await file.chown(uid, present.gid).catch(() => {});
  if (present.gid !== gid) {
    const { uid: owner } = await file.stat();
    await file.chown(owner, gid).catch(() => {
      permissions &= ~OF_THE_GROUP;
    });
  }
  // Last, because chown clears the set-id bits.
  await file.chmod(permissions);
}
