import { isOfCiJob } from './ci-variables.ts';
import type { EnvLayer } from './env-kind.ts';

/** Variables of `lb`, of PM2 and of Node's own child processes. A worker that inherited them would be misled. */
const NOT_INHERITED =
  /^(?:LB_(?:HOME|SOCKET|STOP_GRACE|WORKER|PRIMARY|DAEMON|WORKER_SETTINGS|PRIMARY_SETTINGS|INTERNAL_.*)|PM2_.*|pm_.*|NODE_APP_INSTANCE|NODE_UNIQUE_ID|NODE_CHANNEL_FD|NODE_CHANNEL_SERIALIZATION_MODE)$/;

/** The caller's environment as workers inherit it: without what belongs to `lb`, or to the CI job that deploys. */
export function inheritedEnv(env: NodeJS.ProcessEnv): EnvLayer {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !NOT_INHERITED.test(entry[0]) && !isOfCiJob(entry[0]),
  );
  return new Map(kept);
}

/** Without the variables whose name contains one of these words. */
export const withoutFiltered = (env: EnvLayer, words: readonly string[]): EnvLayer =>
  new Map([...env].filter(([name]) => !words.some((word) => name.includes(word))));

/** Merges layers, lowest first; null removes a variable. */
export function mergeEnv(layers: readonly EnvLayer[]): Readonly<Record<string, string>> {
  const merged = new Map<string, string>();
  for (const [name, value] of layers.flatMap((layer) => [...layer])) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}
