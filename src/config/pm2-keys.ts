import { camelCase } from './options.ts';

type AsksForNothing = (value: unknown) => boolean;
const isOff: AsksForNothing = (value) =>
  value === undefined || value === null || value === false || value === 0 || value === '' || (Array.isArray(value) && value.length === 0);

/** PM2 keys without an equivalent in `lb`. Each has a test for values that request nothing (`watch: false`). */
const UNSUPPORTED: Readonly<Record<string, AsksForNothing>> = { force: isOff };

/** PM2 keys that are meaningless in `lb`. */
const MEANINGLESS = [
  'name_prefix',
  'execute_command',
  'kill_retry_time',
  'username',
  'windowsHide',
  'vizion',
  'pmx',
  'automation',
  'trace',
  'disable_trace',
  'v8',
  'event_loop_inspector',
  'deep_monitoring',
  'io',
  'post_update',
  'install_url',
  'write',
] as const;

const withCamelCase = (keys: readonly string[]): ReadonlySet<string> => new Set([...keys, ...keys.map(camelCase)]);
const unsupportedByName = new Map(Object.entries(UNSUPPORTED).flatMap(([key, test]) => [[key, test] as const, [camelCase(key), test] as const]));
const meaningless = withCamelCase(MEANINGLESS);

/** PM2 keys that are accepted without effect, in both spellings. */
export const pm2KeyNames = (): readonly string[] => [...unsupportedByName.keys(), ...meaningless];

/** Keys that cause a warning, for the reference page. */
export const unsupportedKeys = (): readonly string[] => Object.keys(UNSUPPORTED);

/** Keys that are silently ignored, for the reference page. */
export const meaninglessKeys = (): readonly string[] => MEANINGLESS;

/** How to treat a key that is not an option. */
export function classifyPm2Key(name: string, value: unknown): 'ignore' | 'warn' | 'unknown' {
  if (meaningless.has(name)) return 'ignore';
  const asksForNothing = unsupportedByName.get(name);
  if (asksForNothing === undefined) return 'unknown';
  return asksForNothing(value) ? 'ignore' : 'warn';
}
