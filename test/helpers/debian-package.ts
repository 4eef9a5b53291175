import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';

export interface DebianPackage {
  /** Of the program; null where the package is not installed. */
  readonly path: string | null;
  /** What to do about it. */
  readonly needs: string;
}

/** A program that the tests do not install themselves. */
export function debianPackage(binary: string, packageName: string): DebianPackage {
  // Not every user has the second one in PATH.
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin'];
  const path = directories.map((directory) => join(directory, binary)).find(isExecutable) ?? null;
  return { path, needs: `needs the Debian package ${packageName}: apt-get install ${packageName}` };
}

/** The program's path; without one the test is skipped, and says why. */
export function needsPackage({ task, skip }: TestContext, { path, needs }: DebianPackage): string {
  if (path !== null) return path;
  console.warn(`${task.name}: ${needs}`);
  return skip(needs);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
