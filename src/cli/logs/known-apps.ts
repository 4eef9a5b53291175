import { readFileSync, statSync } from 'node:fs';
import { errnoOf, messageOf } from '../../errors/lb-error.ts';
import type { LogTargets } from '../../logs/log-places.ts';
import { boolean, field, list, nullable, object, string } from '../../protocol/parser.ts';
import { homePaths } from '../../system/paths.ts';
import type { Context } from '../context.ts';

/** An app, as far as its logs are concerned. */
export interface LoggedApp extends LogTargets {
  /** It runs, or will when a daemon starts. */
  readonly isToRun: boolean;
}

const savedApps = field(
  'apps',
  list((app) => ({
    ...field('spec', object<LogTargets>({ name: string, outFile: nullable(string), errorFile: nullable(string), mergeLogs: boolean }))(app),
    desired: field('desired', string)(app),
  })),
);

/**
 * The apps of a home, from the file in which the daemon keeps their definitions: logs can be read when no daemon runs. A running
 * daemon is asked only if that file is missing or damaged, or does not have one of these apps.
 */
export async function knownApps(context: Context, names: readonly string[]): Promise<readonly LoggedApp[]> {
  const saved = readSavedApps(homePaths(context.home).state);
  const isComplete = saved.problem === null && saved.apps.length > 0 && names.every((name) => saved.apps.some((app) => app.name === name));
  if (isComplete) return saved.apps;
  const { connectIfRunning } = await import('../../client/connect.ts');
  const connection = await connectIfRunning(context.address);
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

export function readSavedApps(path: string): { readonly apps: readonly LoggedApp[]; readonly problem: string | null } {
  try {
    const saved: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const apps = savedApps(saved).map(({ desired, ...app }) => ({ ...app, isToRun: desired === 'running' }));
    return { apps, problem: null };
  } catch (error) {
    return { apps: [], problem: errnoOf(error) === 'ENOENT' ? null : `${path} cannot be read: ${messageOf(error)}` };
  }
}

/** Changes with every change of the definitions. */
export function versionOfSavedApps(path: string): string {
  try {
    const { ino, mtimeMs } = statSync(path);
    return `${ino} ${mtimeMs}`;
  } catch {
    return '';
  }
}
