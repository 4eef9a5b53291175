/** Values in at most five columns, so that tables keep their widths. */

const SECOND = 1000;

export const NONE = '-';

/** `0`, `0.4`, `37`, `9999`, `12.3k`, `480k`, `1.2M`. */
export function count(value: number): string {
  if (value < 9.95) return trimmed(value.toFixed(1));
  if (value < 9_999.5) return String(Math.round(value));
  if (value < 99_950) return `${trimmed((value / 1e3).toFixed(1))}k`;
  if (value < 999_500) return `${Math.round(value / 1e3)}k`;
  return `${value < 99_950_000 ? trimmed((value / 1e6).toFixed(1)) : Math.round(value / 1e6)}M`;
}

/** `0.2ms`, `8.2ms`, `312ms`, `1.5s`, `12s`. */
export function millis(ms: number | null): string {
  if (ms === null) return NONE;
  if (ms < 999.5) return `${ms < 9.95 ? trimmed(ms.toFixed(1)) : Math.round(ms)}ms`;
  return `${ms < 9.95 * SECOND ? trimmed((ms / SECOND).toFixed(1)) : Math.min(9999, Math.round(ms / SECOND))}s`;
}

/** For a value that already is a percentage. */
export function percent(value: number | null): string {
  if (value === null) return NONE;
  return `${value > 0 && value < 0.95 ? value.toFixed(1) : Math.min(99_999, Math.round(value))}%`;
}

/** For a share of 1. */
export const share = (value: number | null): string => percent(value === null ? null : value * 100);

/** The largest unit only: `8s`, `12m`, `4h`, `31d`. */
export function age(ms: number | null): string {
  if (ms === null) return NONE;
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  if (seconds < 100) return `${seconds}s`;
  if (seconds < 100 * 60) return `${Math.floor(seconds / 60)}m`;
  const hours = Math.floor(seconds / 3600);
  return hours < 48 ? `${hours}h` : `${Math.min(9999, Math.floor(hours / 24))}d`;
}

/** `14:22:07`, in the local time zone. */
export function clock(epochMs: number): string {
  const date = new Date(epochMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((value) => String(value).padStart(2, '0')).join(':');
}

function trimmed(text: string): string {
  return text.replace(/\.0$/, '');
}
