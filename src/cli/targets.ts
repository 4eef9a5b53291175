import { parseApps } from '../client/parse.ts';
import type { Channel } from '../client/request.ts';
import { suggestion } from '../config/nearest.ts';
import { LbError } from '../errors/lb-error.ts';
import { normalName } from '../lifecycle/app-name.ts';
import { isEnded } from '../lifecycle/states.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { Context } from './context.ts';
import { forEachTarget } from './operation.ts';

export const ALL = 'all';

/** All apps of the daemon. */
export async function fetchApps(channel: Channel): Promise<readonly AppSnapshot[]> {
  return parseApps(await channel.json('/v1/apps'));
}

/** The app with this name, in any Unicode normalization form. @throws LbError LB_ERR_APP_NOT_FOUND with the nearest name */
export function appNamed(apps: readonly AppSnapshot[], name: string): AppSnapshot {
  const normal = normalName(name);
  const found = apps.find((app) => app.name === normal);
  if (found !== undefined) return found;
  const near = suggestion(
    name,
    apps.map((app) => app.name),
  );
  throw new LbError('LB_ERR_APP_NOT_FOUND', { app: name, suggestion: near });
}

export interface TargetRules {
  /** Which apps `all` selects; a name always selects its app. */
  readonly ofAll: (app: AppSnapshot) => boolean;
  /** Printed when `all` selects no app: "no app is running". */
  readonly none: string;
}

/** The apps of a namespace, in their order; null if the word is the name of an app, or of no namespace. */
function inNamespace(apps: readonly AppSnapshot[], word: string, { ofAll }: TargetRules): readonly string[] | null {
  if (apps.some(({ name }) => name === normalName(word))) return null;
  const members = apps.filter(({ namespace = 'default' }) => namespace === word);
  if (members.length === 0) return null;
  return members
    .filter(ofAll)
    .map(({ name }) => name)
    .sort();
}

/** Processes the named apps, those of the named namespaces, or all. Resolves with the exit code. */
export async function forEachApp(context: Context, channel: Channel, rules: TargetRules, work: (app: AppSnapshot) => Promise<void>): Promise<number> {
  const apps = await fetchApps(channel);
  const chosen = apps
    .filter(rules.ofAll)
    .map((app) => app.name)
    .sort();
  if (context.args.includes(ALL) && chosen.length === 0) context.note(rules.none);
  const names = new Set(context.args.flatMap((word) => (word === ALL ? chosen : (inNamespace(apps, word, rules) ?? [word]))));
  return await forEachTarget(context, [...names], async (name) => await work(appNamed(apps, name)));
}

/** Whether the app is running or trying to run. */
export const isRunning = (app: AppSnapshot): boolean => !isEnded(app.state);
