import { messageOf } from '../errors/lb-error.ts';

/** When an app is started or reloaded again and again. */
export interface CronSpec {
  /** As in crontab, with a field for seconds in front if there are six. */
  readonly pattern: string;
  /** Of the IANA database; null for that of the machine. */
  readonly timezone: string | null;
}

/** The next tick after a time; null if there is none. */
export type NextTick = (after: Date) => Date | null;

/** A tick that comes later than this was missed: the machine slept, or its clock was set. */
export const LATE_MS = 60_000;
/** The clock is read this often, because it can be set. */
const CHECK_EVERY_MS = 30_000;

/** Reads a pattern. @throws Error which says what is wrong with it */
export async function nextTickOf({ pattern, timezone }: CronSpec): Promise<NextTick> {
  const { Cron } = await import('croner');
  const cron = new Cron(pattern, timezone === null ? {} : { timezone });
  return (after) => cron.nextRun(after);
}

/** What is wrong with a pattern or time zone; null if nothing is. */
export async function cronProblem(spec: CronSpec, today: Date): Promise<string | null> {
  try {
    const next = await nextTickOf(spec);
    return next(today) === null ? 'it never comes' : null;
  } catch (error) {
    return messageOf(error).replace(/^CronPattern: /, '');
  }
}

/** What the clock says about a tick. `again` is when to look again. */
export type TickCheck = { readonly verdict: 'wait' | 'due' | 'missed'; readonly againInMs: number };

/** Missed ticks are not made up. */
export function checkTick(dueAt: number, wallNow: number): TickCheck {
  const left = dueAt - wallNow;
  if (left > 0) return { verdict: 'wait', againInMs: Math.min(left, CHECK_EVERY_MS) };
  return { verdict: -left > LATE_MS ? 'missed' : 'due', againInMs: 0 };
}
