/** Times that a line itself carries at its beginning: `2026-11-29T20:31:05.123Z`, `[2026-11-29 20:31:05,123]`, `2026/11/29 20:31 +01:00:`. */
const AT_START = /^(?:\u001b\[[\d;]*m|[\s[("])*(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(Z|UTC|[+-]\d\d:?\d\d))?/;
/** Where the libraries for structured logs write it. */
const JSON_KEYS = ['time', 'timestamp', '@timestamp', 'ts'] as const;
/** In seconds, milliseconds, microseconds and nanoseconds, today has 10, 13, 16 and 19 digits. */
const UNITS = [
  { below: 1e11, toMs: 1e3 },
  { below: 1e14, toMs: 1 },
  { below: 1e17, toMs: 1e-3 },
] as const;

/** Epoch milliseconds of the time that is written in the line; null if there is none. A time without a zone is local. */
export function timeInLine(text: string): number | null {
  if (text.startsWith('{')) return timeInJson(text);
  const match = AT_START.exec(text);
  return match === null ? null : timeOfParts(match.slice(1));
}

/**
 * Epoch milliseconds of year, month, day, hour, minute, second, fraction and zone, as a regular expression found them; null if
 * there is no such time. Missing ones are zero, and a missing zone is the local one.
 */
export function timeOfParts(parts: readonly (string | undefined)[]): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(0, 6).map((part) => Number(part ?? 0));
  const ms = Math.floor(Number(`0.${parts[6] ?? '0'}`) * 1000);
  const utc = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  // February 30 would be March 2.
  const isReal = new Date(utc).getUTCDate() === day && month >= 1 && month <= 12 && hour < 24 && minute < 60;
  if (!isReal) return null;
  const zone = parts[7];
  return zone === undefined ? new Date(year, month - 1, day, hour, minute, second, ms).getTime() : utc - zoneMs(zone);
}

function zoneMs(zone: string): number {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -ms : ms;
}

function timeInJson(text: string): number | null {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof fields !== 'object' || fields === null) return null;
  for (const [key, value] of Object.entries(fields)) {
    if (!JSON_KEYS.some((known) => known === key)) continue;
    const time = typeof value === 'number' ? fromNumber(value) : typeof value === 'string' ? fromText(value) : null;
    if (time !== null) return time;
  }
  return null;
}

function fromNumber(value: number): number | null {
  if (!Number.isFinite(value) || value <= 0) return null;
  return Math.floor(value * (UNITS.find(({ below }) => value < below)?.toMs ?? 1e-6));
}

function fromText(text: string): number | null {
  const match = AT_START.exec(text);
  return match === null ? (/^\d{10,19}(?:\.\d+)?$/.test(text) ? fromNumber(Number(text)) : null) : timeOfParts(match.slice(1));
}
