import type { Need } from '../lifecycle/daemon-need.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { fetchApps } from './apps.ts';
import type { Context } from './context.ts';
import { reachedDaemon } from './daemon-of.ts';

/** All apps; none without a daemon, if the need does not start one. */
export async function appsOrNone(context: Context, need: Need): Promise<readonly AppSnapshot[]> {
  const connection = await reachedDaemon(context, need);
  if (connection === null) return [];
  try {
    return await fetchApps(connection.channel);
  } finally {
    connection.channel.close();
  }
}
