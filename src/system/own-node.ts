import { accessSync, constants } from 'node:fs';

/** The binary of this process for as long as it runs, even if its file was deleted. */
const IMAGE = '/proc/self/exe';

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The Node.js that runs this process, for its children. A version manager may have removed it meanwhile. */
export function ownNode(path = process.execPath): string {
  return isExecutable(path) || !isExecutable(IMAGE) ? path : IMAGE;
}

/** This Node.js, or if it is gone, the own one. */
export function livingNode(path: string): string {
  return isExecutable(path) ? path : ownNode();
}
