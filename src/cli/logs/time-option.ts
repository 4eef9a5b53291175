import { timeOfParts } from '../../logs/time-in-line.ts';

const UNITS_MS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 7 * 86_400_000],
]);
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)(?: ago)?$/;
const TIME_OF_DAY = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * A moment as epoch milliseconds: `10m` or `10m ago`, `14:30` today, a date, a date and time, with or without a zone; without one
 * it is local. @throws Error that says what was expected
 */
export function moment(text: string, now: number): number {
  const word = text.trim();
  const [, count, unit = ''] = DURATION.exec(word) ?? [];
  if (count !== undefined) return now - Number(count) * (UNITS_MS.get(unit) ?? 0);
  const time = timeOfDay(word, now) ?? dateTime(word);
  if (time !== null) return time;
  throw new Error('expected a duration such as 10m, a time such as 14:30, or a date such as 2026-11-29 or "2026-11-29 14:30:00"');
}

function timeOfDay(word: string, now: number): number | null {
  const [, hours, minutes, seconds = '0'] = TIME_OF_DAY.exec(word) ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  return new Date(now).setHours(Number(hours), Number(minutes), Number(seconds), 0);
}

function dateTime(word: string): number | null {
  const match = DATE.exec(word);
  return match === null ? null : timeOfParts(match.slice(1));
}
