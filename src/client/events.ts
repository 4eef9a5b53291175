import type { LbEvent } from '../protocol/event.ts';
import { parseEvents } from './parse.ts';
import type { Channel } from './request.ts';

export interface EventFilter {
  readonly app?: string | undefined;
  /** How many of the latest events. */
  readonly limit: number;
}

/** Events, oldest first; unknown kinds are left out. @throws LbError LB_ERR_MESSAGE */
export async function fetchEvents(channel: Channel, { app, limit }: EventFilter): Promise<readonly LbEvent[]> {
  const search = new URLSearchParams({ ...(app === undefined ? {} : { app }), limit: String(limit) });
  return parseEvents(await channel.json(`/v1/events?${search.toString()}`));
}
