import { LbError } from '../errors/lb-error.ts';
import type { EventQuery } from './event-log.ts';

/**
 * Parses the query of `/v1/events`: `app`, `since` (an id) and the number of events.
 * @param count parameter with the number of events, and its default
 * @throws LbError LB_ERR_MESSAGE
 */
export function eventQuery(params: URLSearchParams, count: { readonly name: string; readonly default: number }): EventQuery {
  return { app: params.get('app'), since: numberOf(params, 'since'), limit: numberOf(params, count.name) ?? count.default };
}

function numberOf(params: URLSearchParams, name: string): number | null {
  const text = params.get(name);
  if (text === null) return null;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new LbError('LB_ERR_MESSAGE', { what: 'query', path: name, expected: 'a whole number', got: text });
}
