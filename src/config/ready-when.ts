import type { ReadyWhen } from '../lifecycle/ready-when.ts';
import type { Settings } from './options.ts';
import { absolutePath } from './paths.ts';

/**
 * Completed with what the definition says elsewhere: a file is relative to `cwd`, a path is asked for at the app's port. Undefined if
 * nothing says at which.
 */
export function readyWhenOf(
  { ready_when: wanted, port: own }: Settings,
  cwd: string,
  { PORT }: Readonly<Record<string, string>>,
): ReadyWhen | null | undefined {
  if (wanted === undefined) return null;
  if (wanted.by === 'file') return { by: 'file', file: absolutePath(wanted.file, cwd) };
  if (wanted.by !== 'path') return wanted;
  const port = wanted.port ?? own ?? Number(PORT);
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? { ...wanted, port } : undefined;
}
