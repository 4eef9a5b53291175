/** Formats values for the page; `–` if unknown. */

const NONE = '–';
const KIB = 1024;

/** `0`, `0.4`, `37`, `1843`, `12.3k`, `1.2M`. */
export function count(value: number | null): string {
  if (value === null) return NONE;
  if (value < 10) return trimmed(value.toFixed(1));
  if (value < 9_999.5) return String(Math.round(value));
  return value < 999_950 ? `${trimmed((value / 1e3).toFixed(1))}k` : `${trimmed((value / 1e6).toFixed(1))}M`;
}

/** `620 KB`, `62.4 MB`, `1.2 GB`. */
export function size(bytes: number | null): string {
  if (bytes === null) return NONE;
  const [value, unit] = bytes < KIB ** 2 ? [bytes / KIB, 'KB'] : bytes < 1000 * KIB ** 2 ? [bytes / KIB ** 2, 'MB'] : [bytes / KIB ** 3, 'GB'];
  return `${value < 99.95 && unit !== 'KB' ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** `0.18 ms`, `8.2 ms`, `312 ms`, `4.5 s`. */
export function millis(ms: number | null): string {
  if (ms === null) return NONE;
  if (ms < 10) return `${trimmed(ms.toFixed(ms < 1 && ms > 0 ? 2 : 1))} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${trimmed((ms / 1000).toFixed(1))} s`;
}

/** For a value that already is a percentage: `0.4%`, `2.5%`, `61%`. */
export function percent(value: number | null): string {
  if (value === null) return NONE;
  return `${value < 9.95 ? trimmed(value.toFixed(1)) : Math.round(value)}%`;
}

/** For a share of 1. */
export const share = (value: number | null): string => percent(value === null ? null : value * 100);

/** Two units at most: `8s`, `12m 3s`, `4h 10m`, `3d 4h`. */
export function age(ms: number | null): string {
  if (ms === null) return NONE;
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const;
  let rest = Math.max(0, Math.floor(ms / 1000));
  const first = units.findIndex(([, seconds]) => rest >= seconds);
  if (first < 0) return '0s';
  const parts = units.slice(first, first + 2).map(([unit, seconds]) => {
    const whole = Math.floor(rest / seconds);
    rest -= whole * seconds;
    return whole === 0 ? '' : `${whole}${unit}`;
  });
  return parts.filter(Boolean).join(' ');
}

/** `14:05:09`, in the reader's time zone. */
export function clock(epochMs: number): string {
  const date = new Date(epochMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** Terminal escape sequences. */
const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

export const plainText = (text: string): string => text.replace(ESCAPES, '');

function trimmed(text: string): string {
  return text.replace(/\.0$/, '');
}
