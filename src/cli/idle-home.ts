import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { homePaths } from '../system/paths.ts';
import { shellWord } from '../errors/lb-error.ts';
import { readSavedApps } from './saved-apps.ts';

/** What is to be said of a home in which nothing runs: its apps, how to bring them back, files that were set aside. */
export function idleHome(home: string): string[] {
  const { state } = homePaths(home);
  const { apps, problem } = readSavedApps(state);
  if (problem !== null) return [`${problem}; repair it, or the next daemon sets it aside and starts with no apps`];
  const aside = lastAside(state);
  const lost = aside === null ? [] : [`definitions that could not be read were set aside: ${aside}`];
  const toRun = apps.filter(({ isToRun }) => isToRun).map(({ name }) => name);
  const [first] = toRun;
  if (first !== undefined) {
    const all = toRun.length === 1 ? 'it' : 'them all';
    return [`nothing is running, but these apps were: ${toRun.join(', ')}; "lb start ${shellWord(first)}" brings ${all} back`, ...lost];
  }
  if (apps.length > 0) return [`nothing is running; stopped apps: ${apps.map(({ name }) => name).join(', ')}`, ...lost];
  return lost;
}

/** The newest file that a daemon set aside. */
function lastAside(state: string): string | null {
  try {
    const last = readdirSync(dirname(state))
      .filter((name) => name.startsWith(`${basename(state)}.unreadable-`))
      .sort()
      .at(-1);
    return last === undefined ? null : join(dirname(state), last);
  } catch {
    return null;
  }
}
