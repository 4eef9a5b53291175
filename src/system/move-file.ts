import { chmod, copyFile, rename, rm } from 'node:fs/promises';
import { errnoOf } from '../errors/lb-error.ts';

/** Moves a file, also to another file system; it stays readable by its owner only. Replaces an existing file. */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error;
    await copyFile(from, to);
    await chmod(to, 0o600);
    await rm(from);
  }
}
