import { inheritedEnv, mergeEnv } from '../config/worker-env.ts';

/** What `--update-env` sends: what an app started from here would inherit. `PWD` stays the app's own, as at its start. */
export function callersEnv(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return mergeEnv([inheritedEnv(env), new Map([['PWD', null]])]);
}
