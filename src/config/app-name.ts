import { APP_NAME } from '../lifecycle/app-spec.ts';

/** The word that commands take for every app. */
const ALL = 'all';

/** What is expected in place of a name that no app can have; undefined when one can. */
export function expectedName(name: string): string | undefined {
  if (name === ALL) return 'a name other than "all", which stands for every app';
  return APP_NAME.test(name) ? undefined : 'a name of letters, digits, ".", "_", "-" (at most 64, first a letter or digit)';
}
