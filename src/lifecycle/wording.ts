const KIB = 1024;

/** `153B`, `620K`, `62.4M`, `1.2G`: five columns at most, three digits that matter; `-` for what is not known. */
export function byteSize(bytes: number | null): string {
  if (bytes === null) return '-';
  if (bytes < KIB) return `${Math.round(bytes)}B`;
  const [value, unit] = bytes < KIB ** 2 ? [bytes / KIB, 'K'] : bytes < 1000 * KIB ** 2 ? [bytes / KIB ** 2, 'M'] : [bytes / KIB ** 3, 'G'];
  return `${value < 99.95 && unit !== 'K' ? value.toFixed(1) : Math.round(value)}${unit}`;
}

/** The same for sentences: `120 MB`. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / KIB ** 2)} MB`;
}

/** `1 worker`, `3 workers`. */
export function plural(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** `127.0.0.1:80`, `[::1]:80`; of every address the port alone. */
export function hostAndPort(host: string | null, port: number): string {
  if (host === null) return String(port);
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A message for a line that already names the app: `reloaded, 2 workers` of `api reloaded, 2 workers`. */
export function withoutApp(message: string, app: string): string {
  const subject = `${app} `;
  return message.startsWith(subject) ? message.slice(subject.length).replace(/^is /, '') : message.replace(` of "${app}"`, '');
}
