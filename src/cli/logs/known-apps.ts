import { homePaths } from '../../system/paths.ts';
import type { Context } from '../context.ts';
import { readSavedApps, type LoggedApp } from '../saved-apps.ts';

/**
 * The apps of a home, from the file in which the daemon keeps their definitions: logs can be read when no daemon runs. A running
 * daemon is asked only if that file is missing or damaged, or does not have one of these apps.
 */
export async function knownApps(context: Context, names: readonly string[]): Promise<readonly LoggedApp[]> {
  const saved = readSavedApps(homePaths(context.home).state);
  const isComplete = saved.problem === null && saved.apps.length > 0 && names.every((name) => saved.apps.some((app) => app.name === name));
  if (isComplete) return saved.apps;
  const { reachedDaemon } = await import('../daemon-of.ts');
  const connection = await reachedDaemon(context, 'read');
  if (connection === null) {
    if (saved.problem !== null) context.note(saved.problem);
    return saved.apps;
  }
  try {
    const { fetchApps } = await import('../targets.ts');
    return (await fetchApps(connection.channel)).map(({ spec, primaryPid }) => ({ ...spec, isToRun: primaryPid !== null }));
  } finally {
    connection.channel.close();
  }
}
