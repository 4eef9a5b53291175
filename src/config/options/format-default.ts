import type { Option } from './option.ts';

/** The default of an option as in a config file, such as `30s`; `off` for null. */
export function formatDefault(entry: Option<unknown>): string | undefined {
  const value = entry.default;
  if (value === undefined) return undefined;
  if (value === null) return 'off';
  return typeof value === 'number' && entry.kind.format !== undefined ? entry.kind.format(value) : JSON.stringify(value);
}
