import { suggestion } from '../config/nearest.ts';
import { LbError, messageOf } from '../errors/lb-error.ts';
import { normalName } from '../lifecycle/app-name.ts';
import { regularExpression } from './values.ts';

/** The word for every app. */
export const ALL = 'all';

/** An app, as far as its words are concerned. */
export interface Named {
  readonly name: string;
  /** The id of each slot; absent in older daemons. */
  readonly ids?: readonly number[];
  /** Absent for the namespace `default`. */
  readonly namespace?: string;
}

/** An app that was chosen. */
export interface Chosen<A extends Named> {
  readonly app: A;
  /** The slot of an app with several that an id named; null for the whole app. */
  readonly slot: number | null;
}

export interface Choice<A extends Named> {
  readonly chosen: readonly Chosen<A>[];
  /** The word stands for however many apps there are, not for one that was named. */
  readonly isGroup: boolean;
}

/**
 * What a word on the command line stands for: the name of an app, in any Unicode normalization form; `all`; a namespace; `/regex/` on
 * names; the id of a slot. A number is first tried as a name.
 * @throws LbError LB_ERR_APP_NOT_FOUND with the nearest name, LB_ERR_NO_MATCH or LB_ERR_USAGE
 */
export function choose<A extends Named>(apps: readonly A[], word: string): Choice<A> {
  const normal = normalName(word);
  const named = apps.find(({ name }) => name === normal);
  if (named !== undefined) return { chosen: [{ app: named, slot: null }], isGroup: false };
  if (word === ALL) return group(apps);
  const members = apps.filter(({ namespace = 'default' }) => namespace === word);
  if (members.length > 0) return group(members);
  const pattern = patternOf(word);
  if (pattern !== null) {
    const matching = apps.filter(({ name }) => pattern.test(name));
    if (matching.length === 0) throw new LbError('LB_ERR_NO_MATCH', { pattern: word });
    return group(matching);
  }
  return { chosen: [withId(apps, word)], isGroup: false };
}

/** Whether a word stands for an app. */
export function standsForAny(apps: readonly Named[], word: string): boolean {
  try {
    return choose(apps, word).chosen.length > 0;
  } catch {
    return false;
  }
}

/** The one app for which a word stands. @throws LbError LB_ERR_USAGE */
export function onlyOne<A extends Named>(word: string, { chosen }: Choice<A>): Chosen<A> {
  const [only, ...others] = chosen;
  if (only !== undefined && others.length === 0) return only;
  const names = chosen.map(({ app }) => app.name).join(', ') || 'no app';
  throw new LbError('LB_ERR_USAGE', { problem: `expected one app, and "${word}" stands for ${names}` });
}

function group<A extends Named>(apps: readonly A[]): Choice<A> {
  const sorted = [...apps].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { chosen: sorted.map((app) => ({ app, slot: null })), isGroup: true };
}

function patternOf(word: string): RegExp | null {
  const [, source, flags] = /^\/(.+)\/(i?)$/s.exec(word) ?? [];
  if (source === undefined) return null;
  try {
    return regularExpression(source, flags);
  } catch (error) {
    throw new LbError('LB_ERR_USAGE', { problem: `${messageOf(error)}, got "${word}"` });
  }
}

function withId<A extends Named>(apps: readonly A[], word: string): Chosen<A> {
  const id = /^\d{1,9}$/.test(word) ? Number(word) : null;
  for (const app of apps) {
    const slot = id === null ? -1 : (app.ids?.indexOf(id) ?? -1);
    if (slot >= 0) return { app, slot: app.ids?.length === 1 ? null : slot };
  }
  const names = apps.map(({ name }) => name);
  throw new LbError('LB_ERR_APP_NOT_FOUND', { app: word, suggestion: id === null ? suggestion(word, names) : `, and no id ${id}` });
}
