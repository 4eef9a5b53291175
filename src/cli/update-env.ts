import type { Context } from './context.ts';
import { inheritedEnv, mergeEnv } from '../config/worker-env.ts';

/** The variables that `--update-env` sends: those an app started from here would inherit, except `PWD`. */
function callersEnv(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return mergeEnv([inheritedEnv(env), new Map([['PWD', null]])]);
}

/** Part of the body of a request for an app by its name: definitions from a file contain this environment anyway, with lower precedence. */
export function envUpdate({ options, io }: Context): { readonly updateEnv?: Readonly<Record<string, string>> } {
  return options['updateEnv'] === true ? { updateEnv: callersEnv(io.env) } : {};
}
