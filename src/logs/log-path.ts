import { extname } from 'node:path';

/** The log file of one slot: `a-out.log` → `a-out-3.log`. A device such as `/dev/null` is unchanged. */
export function slotPath(path: string, slot: number): string {
  if (path.startsWith('/dev/')) return path;
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${slot}${extension}`;
}
