/** What `lb logs` needs of a daemon: a bundle of its own, because most calls read files alone. */
import type { Context } from '../context.ts';
import { reachedDaemon } from '../daemon-of.ts';
import type { LoggedApp } from '../saved-apps.ts';
import { fetchApps } from '../apps.ts';

export { MemoryLines } from './memory-lines.ts';
export { reopenLogs } from './reopen-logs.ts';

/** The apps of a running daemon; null if none runs. */
export async function appsOfDaemon(context: Context): Promise<readonly LoggedApp[] | null> {
  const connection = await reachedDaemon(context, 'read');
  if (connection === null) return null;
  try {
    return (await fetchApps(connection.channel)).map(({ spec, primaryPid, ids = [] }) => ({ ...spec, ids, isToRun: primaryPid !== null }));
  } finally {
    connection.channel.close();
  }
}
