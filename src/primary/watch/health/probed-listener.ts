import type { ListenQuery, SocketName } from '../../../protocol/worker.ts';
import type { ProbedListener } from './prober.ts';

interface OpenListener {
  readonly key: string;
  readonly query: Pick<ListenQuery, 'port' | 'kind'>;
  readonly name: SocketName | null;
}

/**
 * The listener that a worker's checks connect to: the one on `port`, or the first one if `port` is null.
 * @param keys the worker's listeners, in the order in which they were opened.
 */
export function probedListener(keys: Iterable<string>, port: number | null, listeners: readonly OpenListener[]): ProbedListener | null {
  for (const key of keys) {
    const listener = listeners.find((one) => one.key === key);
    if (listener === undefined) continue;
    const { query, name } = listener;
    if (port === null || query.port === port || name?.port === port) return { key, kind: query.kind };
  }
  return null;
}
