import { readFileSync } from 'node:fs';

/** The file mode creation mask of this process. Without `/proc` it can only be read by changing it for a moment. */
export function ownUmask(): number {
  const shown = /^Umask:\s+([0-7]+)/m.exec(status())?.[1];
  if (shown !== undefined) return Number.parseInt(shown, 8);
  const mask = process.umask(0o077);
  process.umask(mask);
  return mask;
}

function status(): string {
  try {
    return readFileSync('/proc/self/status', 'latin1');
  } catch {
    return '';
  }
}
