import { widthOf } from '../../terminal/text.ts';

/** At most two units: `8s`, `12m 3s`, `4h 10m`, `3d 4h`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return pair(minutes, 'm', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(hours, 'h', minutes % 60, 'm');
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit} ${small}${smallUnit}`;
}

/** For sentences: `312 ms`, `3 s`, `2 m 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return age(ms).replace(/([dhms])/g, ' $1');
}

/** `0.18 ms`, `8.2 ms`, `312 ms`; at most three significant digits. */
export function millis(ms: number | null): string {
  if (ms === null) return '-';
  return `${ms < 10 ? trimmed(ms.toFixed(ms < 1 ? 2 : 1)) : Math.round(ms)} ms`;
}

export function percent(value: number | null): string {
  return value === null ? '-' : `${Math.round(value)}%`;
}

/** `0`, `0.4`, `37`, `12.3k`, `1.2M`. */
export function count(value: number): string {
  if (value < 10) return Number.isInteger(value) ? String(value) : trimmed(value.toFixed(1));
  if (value < 9_999.5) return String(Math.round(value));
  if (value < 999_950) return `${trimmed((value / 1000).toFixed(1))}k`;
  return `${trimmed((value / 1_000_000).toFixed(1))}M`;
}

function trimmed(text: string): string {
  return text.replace(/\.0$/, '');
}

/** `2026-11-20 10:31:07`, in the local time zone. */
export function localTime(epochMs: number): string {
  const date = new Date(epochMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Wraps the text, leaving two columns for an indent. A longer word, usually a path, is not broken. */
export function wrap(text: string, columns: number | null): string[] {
  const paragraphs = text.split('\n');
  return columns === null ? paragraphs : paragraphs.flatMap((paragraph) => wrapLine(paragraph, columns - 2));
}

function wrapLine(text: string, columns: number): string[] {
  const [first = '', ...words] = text.split(' ');
  const lines = [first];
  for (const word of words) {
    const line = lines.at(-1) ?? '';
    if (widthOf(line) + 1 + widthOf(word) <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
