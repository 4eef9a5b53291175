import { LbError } from '../errors/lb-error.ts';
import type { OptionDef } from './command.ts';
import type { Context } from './context.ts';

export const YES_OPTION: OptionDef = { flags: '-y, --yes', description: 'do not ask' };

/**
 * Asks before something that cannot be taken back, unless `--yes` was given.
 * @param what a clause: `this deletes a, b`
 * @throws LbError LB_ERR_USAGE without a terminal, LB_ERR_DECLINED when the answer is not yes
 */
export async function confirm({ io, options, command }: Context, what: string): Promise<void> {
  if (options['yes'] === true) return;
  if (io.ask === null) throw new LbError('LB_ERR_USAGE', { problem: `${what}; without a terminal that needs --yes` });
  const answer = await io.ask(`${what}. Continue? [y/N] `);
  if (!/^\s*y(?:es)?\s*$/i.test(answer)) throw new LbError('LB_ERR_DECLINED', { command });
}
