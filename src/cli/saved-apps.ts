import { readFileSync, statSync } from 'node:fs';
import { errnoOf, messageOf } from '../errors/lb-error.ts';
import type { LogTargets } from '../logs/log-places.ts';
import type { HomePaths } from '../system/paths.ts';
import { boolean, field, integer, list, nullable, object, optional, string } from '../protocol/parser.ts';

/** An app, as far as its logs are concerned. */
export interface LoggedApp extends LogTargets {
  /** It runs, or will when a daemon starts. */
  readonly isToRun: boolean;
  /** Of its slots. */
  readonly ids: readonly number[];
}

type AppOwner = NonNullable<LogTargets['user']>;

const savedApps = field(
  'apps',
  list((app) => ({
    ...field(
      'spec',
      object<LogTargets>({
        name: string,
        outFile: nullable(string),
        errorFile: nullable(string),
        mergeLogs: boolean,
        user: optional(nullable(object<AppOwner>({ uid: integer(0) }))),
      }),
    )(app),
    desired: field('desired', string)(app),
    ids: field('ids', optional(list(integer(0))))(app) ?? [],
  })),
);

/** The saved apps of a home, and those of the last `lb run`. */
export function readAllSavedApps({ state, runState }: Pick<HomePaths, 'state' | 'runState'>): ReturnType<typeof readSavedApps> {
  const saved = readSavedApps(state);
  const names = new Set(saved.apps.map(({ name }) => name));
  const ofRun = readSavedApps(runState).apps.filter(({ name }) => !names.has(name));
  return { ...saved, apps: [...saved.apps, ...ofRun] };
}

/** The apps in the file in which the daemon keeps their definitions. */
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
export const versionOfSavedApps = ({ state, runState }: Pick<HomePaths, 'state' | 'runState'>): string => [state, runState].map(versionOf).join(' ');

function versionOf(path: string): string {
  try {
    const { ino, mtimeMs } = statSync(path);
    return `${ino} ${mtimeMs}`;
  } catch {
    return '';
  }
}
