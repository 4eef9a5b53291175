import { camelCase } from './options.ts';

const NO_MEANING = 'has no meaning in `lb`';

/** PM2 keys that are accepted without effect, and why. */
const IGNORED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...['name_prefix', 'execute_command', 'kill_retry_time', 'username', 'windowsHide', 'vizion', 'pmx', 'automation', 'trace', 'disable_trace', 'v8'],
      ...['event_loop_inspector', 'deep_monitoring', 'io', 'post_update', 'install_url', 'write'],
    ].map((key) => [key, NO_MEANING]),
  ),
  force: 'not needed: a script may run under as many names as you like',
};

const reasons = new Map(Object.entries(IGNORED).flatMap(([key, why]) => [[key, why] as const, [camelCase(key), why] as const]));

/** PM2 keys that are accepted without effect, in both spellings. */
export const pm2KeyNames = (): readonly string[] => [...reasons.keys()];

/** The same in one spelling, for the reference page. */
export const ignoredPm2Keys = (): readonly string[] => Object.keys(IGNORED);

/** Why a key that is not an option is ignored; null if it is none of PM2. */
export const whyIgnored = (name: string): string | null => reasons.get(name) ?? null;
