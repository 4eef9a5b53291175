import { parseHistories } from '../client/parse.ts';
import type { Channel } from '../client/request.ts';
import type { HistorySeries } from '../protocol/history.ts';
import { SPAN_SECONDS } from './history.ts';
import { MEASURES } from './measures.ts';

/** The daemon's history for the time span of the charts: of all apps, or of one app with its slots. */
export async function fetchHistory(channel: Channel, app: string | null): Promise<readonly HistorySeries[]> {
  const query = new URLSearchParams({ resolution: '1s', points: String(SPAN_SECONDS), ...(app === null ? {} : { app }) });
  for (const { metric } of MEASURES) query.append('metric', metric);
  return parseHistories(await channel.json(`/v1/histories?${query.toString()}`));
}
