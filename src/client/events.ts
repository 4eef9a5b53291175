import type { LbEvent } from '../protocol/event.ts';
import { parseEvents } from './parse.ts';
import type { Channel } from './request.ts';

export interface EventFilter {
  readonly app?: string | undefined;
  /** The number of newest events. */
  readonly limit: number;
}

/** What happened, the oldest first; kinds that this version does not know are left out. @throws LbError LB_ERR_MESSAGE */
export async function fetchEvents(channel: Channel, { app, limit }: EventFilter): Promise<readonly LbEvent[]> {
  const search = new URLSearchParams({ ...(app === undefined ? {} : { app }), limit: String(limit) });
  return parseEvents(await channel.json(`/v1/events?${search.toString()}`));
}
