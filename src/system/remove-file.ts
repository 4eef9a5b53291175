import { rmSync } from 'node:fs';

/** Removes a file, if that is possible: of one that stays, everybody sees that nobody uses it. */
export function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    return;
  }
}
