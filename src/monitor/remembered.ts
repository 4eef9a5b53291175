import { parseHistories } from '../client/parse.ts';
import type { Channel } from '../client/request.ts';
import type { HistorySeries } from '../protocol/history.ts';
import { SPAN_SECONDS } from './history.ts';
import { MEASURES } from './measures.ts';

/** What the daemon remembers of the time that the charts show: of all apps, or of one with its slots. */
export async function remembered(channel: Channel, app: string | null): Promise<readonly HistorySeries[]> {
  const query = new URLSearchParams({ resolution: '1s', points: String(SPAN_SECONDS), ...(app === null ? {} : { app }) });
  for (const { metric } of MEASURES) query.append('metric', metric);
  return parseHistories(await channel.json(`/v1/histories?${query.toString()}`));
}
