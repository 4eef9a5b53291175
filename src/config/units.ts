/** Sizes and durations with units. */

const BYTE_UNITS = ['B', 'K', 'M', 'G', 'T'] as const;
const BYTES = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b)?$/i;

/** In milliseconds, the largest first. */
const DURATION_UNITS = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]);
const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/i;

/** Parses a size such as `300M`, `1.5G`, `512K` (1K is 1024) or plain bytes; undefined if invalid. */
export function parseBytes(text: string): number | undefined {
  const match = BYTES.exec(text.trim());
  if (match === null) return undefined;
  const exponent = BYTE_UNITS.findIndex((unit) => unit === (match[2] ?? 'B').toUpperCase());
  return safe(Number(match[1]) * 1024 ** exponent);
}

/** The shortest text that `parseBytes` parses as this size, such as `300M`. */
export function formatBytes(bytes: number): string {
  for (let exponent = BYTE_UNITS.length - 1; exponent > 0; exponent--) {
    const unit = 1024 ** exponent;
    if (bytes >= unit && bytes % unit === 0) return `${bytes / unit}${BYTE_UNITS[exponent]}`;
  }
  return String(bytes);
}

/** Parses a duration such as `250ms`, `10s`, `1.5m`, `1h`, `1d` or plain milliseconds; undefined if invalid. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = 'ms'] = DURATION.exec(text.trim()) ?? [];
  const size = DURATION_UNITS.get(unit.toLowerCase());
  return count === undefined || size === undefined ? undefined : safe(Number(count) * size);
}

/** The shortest text that `parseDuration` parses as this duration, such as `30s`. */
export function formatDuration(ms: number): string {
  for (const [unit, size] of DURATION_UNITS) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

function safe(value: number): number | undefined {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}
