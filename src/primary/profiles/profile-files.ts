import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileNameOf } from '../../lifecycle/app-name.ts';
import type { ProfileKind } from '../../protocol/profile.ts';
import { wallNow } from '../../system/clock.ts';

/** What stays in the profile directory, which all apps share: the newest files up to both limits, and every file younger than `youngMs`. */
export const KEPT_PROFILES = { files: 50, bytes: 2 * 1024 ** 3, youngMs: 3_600_000 };

const EXTENSIONS: Readonly<Record<ProfileKind, string>> = { cpu: 'cpuprofile', heap: 'heapsnapshot', 'heap-sampling': 'heapprofile', report: 'report.json' };
/** Files with other names are not ours, and stay. */
const OWN_NAME = /^.+-\d+-\d+-\d{8}T\d{9}\.(cpuprofile|heapsnapshot|heapprofile|report\.json)(\.partial)?$/;

export interface KeptFile {
  readonly name: string;
  readonly bytes: number;
  /** Wall time in milliseconds. */
  readonly writtenAt: number;
}

/** A unique file name. */
export function profileName({
  what,
  app,
  slot,
  pid,
  at,
}: {
  readonly what: ProfileKind;
  readonly app: string;
  readonly slot: number;
  readonly pid: number;
  readonly at: number;
}): string {
  return `${fileNameOf(app)}-${slot}-${pid}-${fileTime(at)}.${EXTENSIONS[what]}`;
}

/** The files to delete. Young files are kept: they may still be incomplete, or about to be moved to `--output`. */
export function outdated(files: readonly KeptFile[], at: number): KeptFile[] {
  let bytes = 0;
  return files
    .filter(({ name }) => OWN_NAME.test(name))
    .sort((a, b) => b.writtenAt - a.writtenAt)
    .filter((file, index) => {
      bytes += file.bytes;
      return (index >= KEPT_PROFILES.files || bytes > KEPT_PROFILES.bytes) && at - file.writtenAt > KEPT_PROFILES.youngMs;
    });
}

/** Deletes the files beyond the limits. Resolves with their number. */
export async function removeOutdated(directory: string): Promise<number> {
  const files: KeptFile[] = [];
  for (const name of await readdir(directory)) {
    const found = await lstat(join(directory, name)).catch(() => null);
    if (found?.isFile() === true) files.push({ name, bytes: found.size, writtenAt: found.mtimeMs });
  }
  const gone = outdated(files, wallNow());
  for (const { name } of gone) await rm(join(directory, name), { force: true });
  return gone.length;
}

/** `20261120T143242123`, in UTC. */
function fileTime(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:.Z]/g, '');
}
