import { chmod, copyFile, rename, rm } from 'node:fs/promises';
import { errnoOf } from '../errors/lb-error.ts';

/** Moves a file of ours, readable for us alone, to another file system too; what was at its place is replaced. */
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
