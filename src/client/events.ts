import { LbError } from '../errors/lb-error.ts';
import { parseEvent, type LbEvent } from '../protocol/event.ts';
import type { Channel } from './request.ts';

export interface EventFilter {
  readonly app?: string | undefined;
  /** The number of newest events. */
  readonly limit: number;
}

/** What happened, the oldest first; kinds that this version does not know are left out. @throws LbError LB_ERR_MESSAGE */
export async function fetchEvents(channel: Channel, { app, limit }: EventFilter): Promise<LbEvent[]> {
  const search = new URLSearchParams({ ...(app === undefined ? {} : { app }), limit: String(limit) });
  const body = (await channel.json(`/v1/events?${search.toString()}`)) as { readonly events?: unknown } | null;
  if (!Array.isArray(body?.events))
    throw new LbError('LB_ERR_MESSAGE', { what: 'events from the daemon', path: 'events', expected: 'an array', got: typeof body?.events });
  return body.events.flatMap((event: unknown) => parseEvent(event) ?? []);
}
