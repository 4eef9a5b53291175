import { cronProblem } from '../lifecycle/cron.ts';
import type { OptionKey, Settings } from './options.ts';

/** What is wrong with `cron_restart` or its time zone; null if nothing is. The library is loaded only for apps that have one. */
export async function scheduleProblem({ cron_restart: pattern, cron_timezone }: Settings): Promise<{
  readonly key: OptionKey;
  readonly expected: string;
  readonly got: string;
} | null> {
  if (pattern === null) return null;
  const timezone = cron_timezone ?? null;
  const today = new Date();
  const wrong = await cronProblem({ pattern, timezone: null }, today);
  if (wrong !== null) return { key: 'cron_restart', expected: 'a cron pattern such as "0 3 * * *"', got: `"${pattern}" (${wrong})` };
  const zone = timezone === null ? null : await cronProblem({ pattern, timezone }, today);
  return zone === null ? null : { key: 'cron_timezone', expected: 'a time zone such as "Europe/Berlin"', got: `"${timezone}"` };
}
