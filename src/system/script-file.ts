import { realpath, stat } from 'node:fs/promises';

/** What identifies a file; `cwd` is where the working directory really is. */
interface FoundScript {
  readonly script: string;
  readonly cwd: string;
  readonly inode: number;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Follows every link. Null if there is no such file or directory. */
export async function findScript(script: string, cwd: string): Promise<FoundScript | null> {
  try {
    const [path, directory] = await Promise.all([realpath(script), realpath(cwd)]);
    const { ino, size, mtimeMs } = await stat(path);
    return { script: path, cwd: directory, inode: ino, bytes: size, modifiedMs: mtimeMs };
  } catch {
    return null;
  }
}
