import { LbError } from '../errors/lb-error.ts';
import type { OptionDef } from './command.ts';
import type { Context } from './context.ts';

/** Flags of PM2 that scripts pass out of habit; taken, not shown. */
export const PM2_OPTIONS: readonly OptionDef[] = [
  // They switch off parts of PM2 that lb does not have.
  { flags: '--no-vizion', description: 'no effect', hidden: true },
  { flags: '--no-pmx', description: 'no effect', hidden: true },
  { flags: '--no-automation', description: 'no effect', hidden: true },
  { flags: '--no-treekill', description: 'not supported yet', hidden: true },
];

export const FORCE_OPTION: OptionDef = { flags: '-f, --force', description: 'not supported yet', hidden: true };

/** The keys those flags have among the options. */
export const PM2_KEYS: readonly string[] = ['vizion', 'pmx', 'automation', 'treekill', 'force'];

/** Tells which flags of PM2 were left out. @throws LbError LB_ERR_NOT_SUPPORTED for one that must not be */
export function checkPm2Flags({ options, note, errStyle }: Context): void {
  if (options['force'] === true) {
    throw new LbError('LB_ERR_NOT_SUPPORTED', { what: '--force', reason: ' yet: to run a script a second time, give it another name with -n' });
  }
  if (options['treekill'] === false) note(`${errStyle('yellow', 'warning:')} command line: not supported yet and ignored: --no-treekill`);
}

const IN_PLACE_OF: Readonly<Record<string, string>> = {
  jlist: '"lb list --json" prints the apps as JSON',
  prettylist: '"lb list --json" prints the apps as JSON',
  gracefulReload: '"lb reload" does that',
  save: 'there is no need for it: every change is saved at once',
  dump: 'there is no need for it: every change is saved at once',
  resurrect: 'there is no need for it: the daemon starts again what ran',
};

/** What to use in place of a command of PM2; an empty text for other words. */
export function inPlaceOf(word: string): string {
  return Object.hasOwn(IN_PLACE_OF, word) ? `; ${IN_PLACE_OF[word]}` : '';
}
