const KIB = 1024;

/** `153B`, `620K`, `62.4M`, `1.2G`: at most five columns, three significant digits; `-` if unknown. */
export function byteSize(bytes: number | null): string {
  if (bytes === null) return '-';
  if (bytes < KIB) return `${Math.round(bytes)}B`;
  const [value, unit] = bytes < KIB ** 2 ? [bytes / KIB, 'K'] : bytes < 1000 * KIB ** 2 ? [bytes / KIB ** 2, 'M'] : [bytes / KIB ** 3, 'G'];
  return `${value < 99.95 && unit !== 'K' ? value.toFixed(1) : Math.round(value)}${unit}`;
}

/** For sentences: `120 MB`. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / KIB ** 2)} MB`;
}

/** `350 ms`, `3.4 s`. */
export function shortTime(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `1 worker`, `3 workers`. */
export function plural(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** `127.0.0.1:80`, `[::1]:80`; only the port if the host is null. */
export function hostAndPort(host: string | null, port: number): string {
  if (host === null) return String(port);
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A message without the app's name, for lines that show it already: `reloaded, 2 workers` for `api reloaded, 2 workers`. */
export function withoutApp(message: string, app: string): string {
  const subject = [`${app} `, `app "${app}" `].find((words) => message.startsWith(words));
  return subject === undefined ? message.replace(` of "${app}"`, '') : message.slice(subject.length).replace(/^is /, '');
}

/** `max_memory_restart is too low: limit 20 MB, needs 43 MB; replaced 5 times in a row, again in 16 s`. */
export function describeLowLimit({
  message,
  inARow,
  againInMs,
}: {
  readonly message: string;
  readonly inARow: number;
  readonly againInMs: number | null;
}): string {
  return `${message}; replaced ${inARow} times in a row${againInMs === null ? '' : `, again in ${shortTime(againInMs)}`}`;
}

/** `api[0], api[2]`. */
export const slotNames = (app: string, slots: readonly number[]): string => slots.map((slot) => `${app}[${slot}]`).join(', ');
