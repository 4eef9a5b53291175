import type { AppSpec } from '../lifecycle/app-spec.ts';
import { placeOf } from './file-place.ts';

type Logs = Pick<AppSpec, 'name' | 'outFile' | 'errorFile' | 'logFile'>;

/** Warnings about log files to which other apps write too. */
export async function sharedLogs(spec: Logs, others: readonly Logs[]): Promise<string[]> {
  const own = await filesOf(spec);
  const found = await Promise.all(others.map(async (other) => ({ name: other.name, files: await filesOf(other) })));
  return [...own].flatMap((file) => {
    const names = found.filter(({ name, files }) => name !== spec.name && files.has(file)).map(({ name }) => name);
    if (names.length === 0) return [];
    const all = [spec.name, ...names];
    return [
      `${all.slice(0, -1).join(', ')} and ${all.at(-1)} ${all.length === 2 ? 'both' : 'all'} write to ${file}; each rotates it by its own log_max_size and log_keep`,
    ];
  });
}

/** Where its logs end up, behind links. */
async function filesOf({ outFile, errorFile, logFile }: Logs): Promise<Set<string>> {
  const paths = [outFile, errorFile, logFile].filter((file) => file?.startsWith('/') === true);
  const places = await Promise.all(paths.map((path) => placeOf(path ?? '').catch(() => null)));
  return new Set(places.flatMap((place) => (place === null || place.isOfTheSystem ? [] : [place.path])));
}
