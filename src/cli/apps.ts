import { parseApps } from '../client/parse.ts';
import type { Channel } from '../client/request.ts';
import { isEnded } from '../lifecycle/states.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';

/** All apps of the daemon. */
export async function fetchApps(channel: Channel): Promise<readonly AppSnapshot[]> {
  return parseApps(await channel.json('/v1/apps'));
}

/** Whether the app is running or trying to run. */
export const isRunning = (app: AppSnapshot): boolean => !isEnded(app.state);
