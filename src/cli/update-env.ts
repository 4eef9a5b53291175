import { inheritedEnv, mergeEnv } from '../config/worker-env.ts';

/** The variables that `--update-env` sends: those an app started from here would inherit, except `PWD`. */
export function callersEnv(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return mergeEnv([inheritedEnv(env), new Map([['PWD', null]])]);
}
