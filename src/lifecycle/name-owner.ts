import { expectedName, normalName } from './app-name.ts';
import type { AppSpec } from './app-spec.ts';

/** What of a definition says whose it is. */
export type Claim = Pick<AppSpec, 'name' | 'script' | 'cwd' | 'origin'>;

/** Whether two paths are the same file or directory. */
export type IsSamePlace = (a: string, b: string) => boolean;

const isSameApp = (owner: Claim, claim: Claim, isSame: IsSamePlace): boolean => isSame(owner.script, claim.script) && isSame(owner.cwd, claim.cwd);

/**
 * Whether a definition may take the place of one with its name. A config file may give its app another script, or another
 * directory, and a release of the same package in a new folder may follow the last one. A script on the command line is that
 * script.
 */
export function mayReplace(owner: Claim, claim: Claim, isSame: IsSamePlace): boolean {
  if (isSameApp(owner, claim, isSame)) return true;
  const { file = null, project = null } = claim.origin ?? {};
  if (file === null) return false;
  if (owner.origin === null || isSame(owner.cwd, claim.cwd) || isSame(owner.script, claim.script)) return true;
  const isSameFile = owner.origin.file !== null && isSame(owner.origin.file, file);
  return isSameFile || (project !== null && project === owner.origin.project);
}

/** Where an app is, as far as it differs from the other's place. */
export function placeOf(claim: Claim, other: Claim): string {
  return claim.script === other.script ? `${claim.script} in ${claim.cwd}` : claim.script;
}

/** A name for an app whose own is taken: that of its package or directory. */
export function otherName({ name, cwd, origin }: Claim, isTaken: (name: string) => boolean): string {
  const directory = cwd.split('/').at(-1) ?? '';
  const project = origin?.project?.split('/').at(-1) ?? '';
  const words = [project, directory, `${directory}-${name}`, ...Array.from({ length: 99 }, (_, n) => `${name}-${n + 2}`)];
  return words.map(asName).find((word) => expectedName(word) === undefined && word !== name && !isTaken(word)) ?? `${name}-other`;
}

const asName = (text: string): string =>
  normalName(text)
    .replaceAll(/[^\p{L}\p{Nd}._-]+/gu, '-')
    .replaceAll(/^[._-]+|-+$/g, '');
