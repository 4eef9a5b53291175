import { readFileSync } from 'node:fs';

/** How a process was started, or the title that it gave itself; empty if it cannot be read. Linux only. */
export function commandLineOf(pid: number): string {
  return procText(pid, 'cmdline').replaceAll('\0', ' ').trim();
}

/** A variable of the environment that a process was started with; undefined if it has none, or belongs to another user. */
export function startVariableOf(pid: number, name: string): string | undefined {
  const prefix = `${name}=`;
  return procText(pid, 'environ')
    .split('\0')
    .find((entry) => entry.startsWith(prefix))
    ?.slice(prefix.length);
}

function procText(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
