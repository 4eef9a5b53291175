import { realpathSync } from 'node:fs';

/** Whether two absolute paths are the same file or directory; links are followed, and a path that does not exist is itself. */
export function isSamePlace(a: string, b: string): boolean {
  return a === b || realPath(a) === realPath(b);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
