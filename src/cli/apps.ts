import { parseApps } from '../client/parse.ts';
import type { Channel } from '../client/request.ts';
import { isEnded } from '../lifecycle/states.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { chooseOne } from './choose.ts';

/** All apps of the daemon. */
export async function fetchApps(channel: Channel): Promise<readonly AppSnapshot[]> {
  return parseApps(await channel.json('/v1/apps'));
}

/** The app with this name, or with a slot of this id. @throws LbError LB_ERR_APP_NOT_FOUND with the nearest name */
export const appNamed = (apps: readonly AppSnapshot[], word: string): AppSnapshot => chooseOne(apps, word).app;

/** Whether the app is running or trying to run. */
export const isRunning = (app: AppSnapshot): boolean => !isEnded(app.state);
