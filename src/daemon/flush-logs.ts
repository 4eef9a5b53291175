import { truncate } from 'node:fs/promises';
import { errnoOf, LbError, messageOf } from '../errors/lb-error.ts';
import { logsOf, type LogTargets } from '../logs/log-places.ts';
import { targetOf } from '../logs/log-parts.ts';
import { removeRotated } from '../logs/rotate.ts';

/**
 * Empties the log files of an app and removes the rotated ones. Whoever writes to them goes on: files are opened for appending, so
 * the next line is the first one. @returns how many files were emptied
 */
export async function flushLogs(app: LogTargets, lineTimes: string): Promise<number> {
  const paths = [...new Set(logsOf(app, lineTimes).places.map(({ path }) => targetOf(path)))];
  const emptied = await Promise.all(paths.map((path) => empty(app.name, path)));
  return emptied.filter(Boolean).length;
}

/** @returns false if there is no such file */
async function empty(app: string, path: string): Promise<boolean> {
  try {
    await removeRotated(path);
    await truncate(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw new LbError('LB_ERR_OPERATION_FAILED', { operation: 'flush', app, reason: messageOf(error) });
  }
}
